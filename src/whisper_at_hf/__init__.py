"""Whisper-AT for transformers: one frozen Whisper, one encoder pass, text and sound tags.

Importing this package registers its configurations, models and the pipeline task "whisper-at" with transformers.
"""

from importlib.metadata import PackageNotFoundError, version

from .errors import InputError, WhisperATError
from .model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from .model.modeling_tltr import TLTRForAudioClassification
from .model.modeling_whisper_at import (
    WhisperATEncoder,
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
    WhisperATModel,
)
from .pictures import plot
from .pipeline.pipeline import WhisperATPipeline
from .registration import register

try:
    __version__ = version("whisper-at-hf")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0.0.0"

__all__ = [
    "InputError",
    "TLTRConfig",
    "TLTRForAudioClassification",
    "WhisperATConfig",
    "WhisperATEncoder",
    "WhisperATError",
    "WhisperATForAudioClassification",
    "WhisperATForConditionalGeneration",
    "WhisperATModel",
    "WhisperATPipeline",
    "plot",
]

register()
