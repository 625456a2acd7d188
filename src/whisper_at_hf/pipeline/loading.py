"""Opens models: the class that a folder needs, and for the command line a pipeline, or one clear sentence."""

import json
import os
from pathlib import Path
from typing import Any

from transformers import (
    AutoConfig,
    AutoModelForAudioClassification,
    AutoModelForSpeechSeq2Seq,
    PreTrainedConfig,
    PreTrainedModel,
)

from ..errors import InputError, first_line
from ..model.complete_loading import load_complete
from ..model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from ..model.modeling_heads import LOCATION_ARGUMENTS
from ..model.modeling_whisper_at import WhisperATForAudioClassification

DTYPES = ("auto", "float32", "bfloat16", "float16")


def load_pipeline(model: str, device: str | None = None, dtype: str = "auto", with_decoder: bool = True) -> Any:
    """A `WhisperATPipeline` for a folder or hub id; without the decoder it gives tags only.

    Code in the folder is not run, and nobody is asked whether it should be.

    Raises:
        InputError: no such model, device or dtype.
    """
    from transformers import WhisperFeatureExtractor, WhisperProcessor, pipeline

    if dtype not in DTYPES:
        raise InputError(f"--dtype {dtype!r} is unknown; use {', '.join(DTYPES)}.")
    check_device(device)
    try:
        options = {"dtype": dtype, "trust_remote_code": False}
        loaded = AutoWhisperAT.from_pretrained(model, with_decoder=with_decoder, **options)
        if loaded.can_generate():
            processor = WhisperProcessor.from_pretrained(model, trust_remote_code=False)
            parts = {"tokenizer": processor.tokenizer, "feature_extractor": processor.feature_extractor}
        else:
            parts = {"feature_extractor": WhisperFeatureExtractor.from_pretrained(model)}
        return pipeline("whisper-at", model=loaded, device=device, **parts)
    except InputError:
        raise
    except Exception as error:  # transformers refuses broken files by errors of every kind, also plain ones
        raise unreachable_model(model, error) from error


def unreachable_model(model: str, error: Exception) -> InputError:
    """The error for a model that cannot be opened: nothing there, or something broken in it."""
    if not os.path.isdir(model):  # unlike Path's, it answers for names of any length
        return InputError(
            f"'{model}' is neither a folder with a Whisper-AT model nor a hub id that can be reached; "
            "check the name, or make such a folder with whisper-at convert."
        )
    if _model_type(Path(model)) == TLTRConfig.model_type:
        return InputError(
            f"'{model}' holds a head alone; join it with a Whisper: "
            f"whisper-at convert --whisper WHISPER --head {model} --output MODEL."
        )
    return InputError(
        f"'{model}' is no complete Whisper-AT model ({first_line(error)}); make it anew with whisper-at convert."
    )


def _model_type(folder: Path) -> str | None:
    try:
        return json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None


def check_device(device: str | None) -> None:
    """Raise InputError unless torch can put a tensor there."""
    import torch

    if device is None:
        return
    if device.startswith("meta"):
        raise InputError("--device 'meta' holds no weights; use cpu, or leave it out.")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, ImportError):
        raise InputError(f"--device {device!r} is not available here; use cpu, or leave it out.") from None


def check_language(pipe: Any, generate_kwargs: dict) -> None:
    """Refuse a language or task that the model does not have; drop what an English-only model does anyway."""
    if not pipe.model.can_generate():
        raise InputError("This model has no decoder; use whisper-at tag, or pass --model with one that transcribes.")
    generation_config = pipe.model.generation_config
    language, task = generate_kwargs.get("language"), generate_kwargs.get("task")
    codes = {token.strip("<|>") for token in getattr(generation_config, "lang_to_id", None) or {}}
    if not getattr(generation_config, "is_multilingual", bool(codes)):
        if task == "translate" or (language or "en").lower() not in ("en", "english"):
            raise InputError("This model knows English only; pass --model with a multilingual one.")
        generate_kwargs.pop("language", None)
        return
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    if language is not None and TO_LANGUAGE_CODE.get(language.lower(), language.lower()) not in codes:
        raise InputError(f"--language {language!r} is not one of the model's; use a code such as en, de or zh.")


def is_tagger(config: PreTrainedConfig) -> bool:
    """Whether a model was saved without a decoder, for tags alone."""
    return WhisperATForAudioClassification.__name__ in (config.architectures or [])


class AutoWhisperAT:
    """What the task "whisper-at" loads models with."""

    @classmethod
    def from_pretrained(cls, path: str, with_decoder: bool = True, **kwargs: Any) -> PreTrainedModel:
        """The model in `path`, its decoder left out on request.

        A folder saved without a decoder gives a model without one, instead of one with random weights.
        """
        location = {name: kwargs[name] for name in (*LOCATION_ARGUMENTS, "trust_remote_code") if name in kwargs}
        config = AutoConfig.from_pretrained(path, **location)
        tags_only = is_tagger(config) or (isinstance(config, WhisperATConfig) and not with_decoder)
        auto_class = AutoModelForAudioClassification if tags_only else AutoModelForSpeechSeq2Seq
        return load_complete(auto_class, path, **kwargs)
