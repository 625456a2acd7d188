"""Picks the class for a saved folder: the full model, or the one for tags only."""

from typing import Any

from transformers import AutoConfig, AutoModelForAudioClassification, AutoModelForSpeechSeq2Seq, PreTrainedModel

from .complete_loading import load_complete
from .configuration_whisper_at import WhisperATConfig
from .modeling_heads import LOCATION_ARGUMENTS
from .modeling_whisper_at import WhisperATForAudioClassification


class AutoWhisperAT:
    """What the task "whisper-at" loads models with."""

    @classmethod
    def from_pretrained(cls, path: str, with_decoder: bool = True, **kwargs: Any) -> PreTrainedModel:
        """The model in `path`, its decoder left out on request.

        A folder saved without a decoder gives a model without one, instead of one with random weights.
        """
        location = {name: kwargs[name] for name in (*LOCATION_ARGUMENTS, "trust_remote_code") if name in kwargs}
        config = AutoConfig.from_pretrained(path, **location)
        saved_without = WhisperATForAudioClassification.__name__ in (config.architectures or [])
        tags_only = saved_without or (isinstance(config, WhisperATConfig) and not with_decoder)
        auto_class = AutoModelForAudioClassification if tags_only else AutoModelForSpeechSeq2Seq
        return load_complete(auto_class, path, **kwargs)
