"""Writes converted models: whole folders or none."""

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from transformers import WhisperProcessor

from ..errors import InputError
from ..files import make_folder
from ..model.complete_loading import load_complete
from ..model.configuration_whisper_at import MODEL_TYPE
from ..model.from_plain import from_plain
from ..model.modeling_whisper_at import WhisperATForConditionalGeneration
from .embedded_whisper import default_whisper_path
from .heads import load_head
from .sources import (
    Source,
    config_values,
    detect_source,
    load_transformers_processor,
    load_whisper,
    read_config,
)


def convert(
    whisper: str | os.PathLike | None,
    output: str | os.PathLike,
    head: str | os.PathLike | None = None,
    processor: str | os.PathLike | None = None,
    head_only: bool = False,
    head_name: str = "default",
    overwrite: bool = False,
    labels: Sequence[str] | None = None,
) -> Path:
    """Make a `from_pretrained` folder: safetensors, configs, processor, generation config.

    The folder appears whole or not at all.

    Args:
        whisper: CTranslate2 folder, OpenAI `.pt`, transformers folder (also one of ours, which keeps its heads) or
            hub id; None for the Whisper tiny.en of the embedded default model.
        output: the folder to make.
        head: original Whisper-AT `.pth`, a published one by name ("original:base.en"), folder or hub id of one of our
            heads, or None for no head.
        processor: folder or hub id of the processor; by default the source's own or openai's of that size.
        head_only: write the head's folder alone; a `whisper` given as well is only checked against the head.
        head_name: the head's name in the model.
        overwrite: replace `output` if it is a model folder.
        labels: names of an original head's outputs; by default AudioSet's if there are 527.

    Returns:
        `output`.

    Raises:
        InputError: something given is missing, broken, refused or does not fit, or `output` is in use.
    """
    output = Path(output)
    check_output(output, overwrite)
    if head_only:
        if head is None:
            raise InputError("--head-only needs --head: name the head to convert.")
        parts = [load_head(head, None if whisper is None else read_config(whisper), labels)]
    else:
        parts = _load_whisper_at(default_whisper_path() if whisper is None else whisper, processor)
        if head is not None:
            if head_name in parts[0].heads:
                raise InputError(f"{whisper} already has a head {head_name!r}: give the new one another --head-name.")
            parts[0].add_head(head_name, load_head(head, parts[0].config, labels))
    with whole_folder(output, overwrite) as draft:
        for part in parts:
            part.save_pretrained(draft)
    return output


def _load_whisper_at(
    whisper: str | os.PathLike, processor: str | os.PathLike | None
) -> tuple[WhisperATForConditionalGeneration, WhisperProcessor]:
    if detect_source(whisper) is Source.TRANSFORMERS and config_values(whisper)["model_type"] == MODEL_TYPE:
        model = load_complete(WhisperATForConditionalGeneration, whisper)
        return model, load_transformers_processor(whisper, processor, model.config)
    plain, loaded = load_whisper(whisper, processor)
    return from_plain(WhisperATForConditionalGeneration, plain), loaded


def check_output(output: Path, overwrite: bool) -> None:
    """Raise InputError where a model's folder could not be made: something is there that may not be replaced."""
    if output.is_file():
        raise InputError(f"{output} is a file: name a folder as --output.")
    if not output.is_dir() or not any(output.iterdir()):
        return
    if not overwrite:
        raise InputError(f"{output} is not empty: name another --output, or pass --overwrite to replace it.")
    if not (output / "config.json").is_file():
        raise InputError(f"{output} holds other files than a model and is not replaced: name another --output.")


def check_apart(output: Path, model: str | os.PathLike | None) -> None:
    """Raise InputError where what is made of a model's folder would replace that."""
    if model is not None and output.is_dir() and os.path.isdir(model) and output.samefile(model):
        raise InputError(f"{output} is the --model itself, which would be gone: name another --output.")


@contextmanager
def whole_folder(output: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder beside `output` to write to, which takes its place if the block ends well, and is deleted if not.

    Raises InputError if it cannot be made, or if `output` was filled meanwhile.
    """
    output = output.resolve()
    make_folder(output.parent)
    draft = output.with_name(f".{output.name}.{uuid.uuid4().hex}")
    old = draft.with_name(f"{draft.name}.old")
    make_folder(draft)
    try:
        yield draft
        if output.is_dir():
            _clear(output, old, overwrite)
        draft.rename(output)
    except BaseException:
        if old.is_dir() and not output.exists():
            old.rename(output)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _clear(output: Path, old: Path, overwrite: bool) -> None:
    if overwrite:
        output.rename(old)
        return
    try:
        output.rmdir()
    except OSError as error:
        raise InputError(
            f"{output} was filled by someone else meanwhile: use what is there or name another."
        ) from error
