"""Where a Whisper comes from: a CTranslate2 folder, an OpenAI `.pt`, a transformers folder or a hub id."""

import os
from enum import Enum
from pathlib import Path

from transformers import WhisperConfig, WhisperForConditionalGeneration, WhisperProcessor

from ..errors import InputError
from ..model.complete_loading import load_complete
from ..model.configuration_whisper_at import MODEL_TYPE, without_attention
from .ctranslate2 import load_ctranslate2, read_ctranslate2
from .generation import build_generation_config
from .openai import load_openai, read_openai
from .processors import check_processor, load_processor

WHISPER_AT_KEYS = ("heads", "default_head", "freeze_backbone", "id2label", "label2id", "problem_type")
"""What a `WhisperATConfig` has besides a `WhisperConfig`'s values, or with another meaning."""


class Source(Enum):
    """The kinds of Whisper that can be converted."""

    CTRANSLATE2 = "a CTranslate2 folder"
    OPENAI = "an OpenAI checkpoint"
    TRANSFORMERS = "a transformers folder or hub id"


def detect_source(whisper: str | os.PathLike) -> Source:
    """Tell the kind of `whisper` from what lies there; what does not exist here is taken for a hub id.

    Raises:
        InputError: a folder without a model, or a path that does not exist.
    """
    path = Path(whisper)
    if path.is_file():
        return Source.OPENAI
    if path.is_dir():
        if (path / "model.bin").is_file():
            return Source.CTRANSLATE2
        if (path / "config.json").is_file():
            return Source.TRANSFORMERS
        raise InputError(f"{path} holds neither config.json nor model.bin: give the folder of a Whisper model.")
    if path.is_absolute() or path.suffix in (".pt", ".pth") or len(path.parts) > 2 or str(whisper).startswith("."):
        raise InputError(f"{path} does not exist: give a Whisper folder, a .pt file or a hub id.")
    return Source.TRANSFORMERS


def read_config(whisper: str | os.PathLike) -> WhisperConfig:
    """The configuration of a Whisper of any kind, without building the model. Raises InputError as `load_whisper`."""
    kind = detect_source(whisper)
    if kind is Source.CTRANSLATE2:
        return read_ctranslate2(Path(whisper)).config()
    if kind is Source.OPENAI:
        return read_openai(Path(whisper)).config()
    values = {**without_attention(config_values(whisper)), "model_type": "whisper"}
    return WhisperConfig.from_dict({key: value for key, value in values.items() if key not in WHISPER_AT_KEYS})


def config_values(whisper: str | os.PathLike) -> dict:
    """The content of config.json in a transformers folder or hub repository.

    Raises:
        InputError: it cannot be had, or is neither a Whisper's nor a Whisper-AT's.
    """
    try:
        values, _ = WhisperConfig.get_config_dict(whisper)
    except OSError as error:
        raise InputError(
            f"{whisper} cannot be loaded: it is no folder or file here, and the hub does not give it; "
            "give the path of a Whisper or a hub id that you can reach."
        ) from error
    if values.get("model_type") not in ("whisper", MODEL_TYPE):
        raise InputError(f"{whisper} holds a model of type {values.get('model_type')!r}: give a Whisper.")
    return values


def load_whisper(
    whisper: str | os.PathLike, processor: str | os.PathLike | None = None
) -> tuple[WhisperForConditionalGeneration, WhisperProcessor]:
    """A plain transformers Whisper with its generation config, and its processor, from any kind of source.

    Args:
        whisper: CTranslate2 folder, OpenAI `.pt`, transformers folder or hub id.
        processor: folder or hub id to take the processor from; by default the source's own, or for a source
            without one the openai repository of that size.

    Raises:
        InputError: the source or its processor is missing, broken, refused or does not fit, or the source is a
            Whisper-AT already.
    """
    kind = detect_source(whisper)
    processor = None if processor is None else str(processor)
    if kind is Source.CTRANSLATE2:
        return load_ctranslate2(Path(whisper), processor)
    if kind is Source.OPENAI:
        return load_openai(Path(whisper), processor)
    if config_values(whisper)["model_type"] == MODEL_TYPE:
        raise InputError(f"{whisper} is a Whisper-AT already: load it with WhisperATForConditionalGeneration.")
    config = read_config(whisper)
    loaded = load_transformers_processor(whisper, processor, config)
    model = load_complete(WhisperForConditionalGeneration, whisper, config=config)
    complete_generation_config(model, loaded)
    return model, loaded


def load_transformers_processor(
    whisper: str | os.PathLike, processor: str | None, config: WhisperConfig
) -> WhisperProcessor:
    """The processor named, else the one beside the weights, else openai's. Raises InputError if there is none."""
    if processor is not None:
        return load_processor(processor, config)
    try:
        own = WhisperProcessor.from_pretrained(whisper, trust_remote_code=False)
        # A folder without tokenizer files gives an empty tokenizer instead of an error.
        check_processor(own, config, str(whisper))
        return own
    except (OSError, ValueError, TypeError, KeyError):  # a trainer's checkpoint folder holds no tokenizer
        return load_processor(None, config)


def complete_generation_config(model: WhisperForConditionalGeneration, processor: WhisperProcessor) -> None:
    """Give `model` what `generate` needs if its folder had no Whisper generation config."""
    if not hasattr(model.generation_config, "no_timestamps_token_id"):
        model.generation_config = build_generation_config(processor.tokenizer, model.config)
