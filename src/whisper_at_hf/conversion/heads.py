"""Tagging heads of any kind: an original Whisper-AT `.pth`, or a folder or hub id of one of ours."""

import os
from collections.abc import Sequence
from pathlib import Path

from transformers import WhisperConfig

from ..errors import InputError
from ..model.modeling_heads import load_saved_head, misfit
from ..model.modeling_tltr import TLTRForAudioClassification
from .original_head import load_original_head
from .published import PREFIX, published_head


def load_head(
    head: str | os.PathLike, whisper: WhisperConfig | None = None, labels: Sequence[str] | None = None
) -> TLTRForAudioClassification:
    """Load a head and check that it fits.

    Args:
        head: original Whisper-AT `.pth`, or a published one by name, see `published_head`; or folder or hub id of one
            of our heads.
        whisper: the Whisper that the head must fit, if any.
        labels: names of an original head's outputs; by default AudioSet's if there are 527.

    Raises:
        InputError: the head is missing, broken, refused, or reads another layer count or width than `whisper` has.
    """
    if isinstance(head, str) and head.startswith(PREFIX):
        head = published_head(head)
    path = Path(head)
    if path.is_file():
        loaded = load_original_head(path, None if whisper is None else whisper.encoder_layers, labels)
    elif path.suffix in (".pt", ".pth"):
        raise InputError(f"{path} does not exist: give an original Whisper-AT .pth or a folder of ours as --head.")
    else:
        loaded = load_saved_head(head)
    if whisper is not None and (wrong := misfit(loaded.config, whisper, "the Whisper")):
        raise InputError(f"{head} {wrong}: give the Whisper that it was trained on.")
    return loaded
