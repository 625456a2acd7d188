"""Tagging heads of any kind: an original Whisper-AT `.pth`, or a folder or hub id of one of ours."""

import os
from collections.abc import Sequence
from pathlib import Path

from transformers import WhisperConfig

from ..errors import InputError
from ..model.complete_loading import load_complete
from ..model.configuration_whisper_at import TLTRConfig
from ..model.modeling_tltr import TLTRForAudioClassification
from .original_head import load_original_head


def load_head(
    head: str | os.PathLike, whisper: WhisperConfig | None = None, labels: Sequence[str] | None = None
) -> TLTRForAudioClassification:
    """Load a head and check that it fits.

    Args:
        head: original Whisper-AT `.pth`, or folder or hub id of one of our heads.
        whisper: the Whisper that the head must fit, if any.
        labels: names of an original head's outputs; by default AudioSet's if there are 527.

    Raises:
        InputError: the head is missing, broken, refused, or reads another layer count or width than `whisper` has.
    """
    path = Path(head)
    if path.is_file():
        loaded = load_original_head(path, None if whisper is None else whisper.encoder_layers, labels)
    elif path.suffix in (".pt", ".pth"):
        raise InputError(f"{path} does not exist: give an original Whisper-AT .pth or a folder of ours as --head.")
    else:
        loaded = _load_our_head(head)
    if whisper is not None:
        _check_fit(head, loaded.config, whisper)
    return loaded


def _load_our_head(head: str | os.PathLike) -> TLTRForAudioClassification:
    try:
        values, _ = TLTRConfig.get_config_dict(head)
        if values.get("model_type") != TLTRConfig.model_type:
            raise InputError(
                f"{head} holds a model of type {values.get('model_type')!r}: give a folder that holds a head alone."
            )
        return load_complete(TLTRForAudioClassification, head)
    except OSError as error:
        raise InputError(
            f"{head} cannot be loaded: give an original Whisper-AT .pth, or a folder or hub id of one of our heads."
        ) from error


def _check_fit(head: str | os.PathLike, config: TLTRConfig, whisper: WhisperConfig) -> None:
    for field, what in (("encoder_layers", "encoder layers"), ("d_model", "wide encoder states")):
        reads, has = getattr(config, field), getattr(whisper, field)
        if reads != has:
            raise InputError(
                f"{head} reads {reads} {what}, but the Whisper has {has}: give the Whisper that it was trained on."
            )
