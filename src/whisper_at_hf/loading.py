"""Opens models for the command line, with one clear sentence where that fails."""

from typing import Any

from .errors import InputError

DTYPES = ("auto", "float32", "bfloat16", "float16")


def load_pipeline(model: str, device: str | None = None, dtype: str = "auto") -> Any:
    """A `WhisperATPipeline` for a folder or hub id.

    Raises:
        InputError: no such model, device or dtype.
    """
    from safetensors import SafetensorError
    from transformers import pipeline

    if dtype not in DTYPES:
        raise InputError(f"--dtype {dtype!r} is unknown; use {', '.join(DTYPES)}.")
    check_device(device)
    try:
        return pipeline("whisper-at", model=model, device=device, dtype=dtype)
    except InputError:
        raise
    except (OSError, ValueError, SafetensorError) as error:
        raise unreachable_model(model) from error


def unreachable_model(model: str) -> InputError:
    """The error for a model that cannot be opened."""
    return InputError(
        f"'{model}' is neither a folder with a Whisper-AT model nor a hub id that can be reached; "
        "check the name, or make such a folder with whisper-at convert."
    )


def check_device(device: str | None) -> None:
    """Raise InputError unless torch can put a tensor there."""
    import torch

    if device is None:
        return
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        raise InputError(f"--device {device!r} is not available here; use cpu, or leave it out.") from None


def check_language(pipe: Any, generate_kwargs: dict) -> None:
    """Refuse a language or task that the model does not have; drop what an English-only model does anyway."""
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
