"""The one door from a plain Whisper to a Whisper-AT: its configuration, and its weights."""

from os import PathLike
from typing import Any

from transformers import PreTrainedModel, WhisperConfig, WhisperForConditionalGeneration

from .configuration_whisper_at import MODEL_TYPE, WhisperATConfig
from .errors import InputError

# What a Whisper-AT's configuration decides for itself.
_OWN = ("model_type", "architectures", "transformers_version", "heads", "default_head")


def plain_config(whisper: str | PathLike, **location: Any) -> WhisperATConfig:
    """The configuration of a plain Whisper checkpoint as a `WhisperATConfig` without heads.

    Args:
        whisper: folder or hub id.
        location: arguments of `from_pretrained` that say where to look.

    Raises:
        InputError: there is another kind of model, or one that carries heads.
    """
    values, _ = WhisperConfig.get_config_dict(whisper, **location)
    if values.get("model_type") not in ("whisper", MODEL_TYPE):
        raise InputError(f"'{whisper}' holds a model of type {values.get('model_type')!r}; pass a Whisper checkpoint.")
    if values.get("heads"):
        raise InputError(f"'{whisper}' already carries heads; load it with from_pretrained and use add_head.")
    return _without_heads(WhisperConfig.from_dict({**values, "model_type": "whisper"}))


def from_plain(model_class: type, plain: WhisperForConditionalGeneration, **kwargs: Any) -> PreTrainedModel:
    """A loaded plain Whisper as a Whisper-AT without heads, of one of our model classes.

    Args:
        model_class: the full model, or the one for tags only.
        plain: its weights are shared where no other dtype is asked for.
        kwargs: of `from_pretrained`, such as `dtype`.
    """
    config = _without_heads(plain.config)
    model = model_class.from_pretrained(None, config=config, state_dict=plain.state_dict(), **kwargs)
    if model.can_generate():
        model.generation_config = plain.generation_config
    return model


def _without_heads(config: WhisperConfig) -> WhisperATConfig:
    return WhisperATConfig(**{name: value for name, value in config.to_dict().items() if name not in _OWN})
