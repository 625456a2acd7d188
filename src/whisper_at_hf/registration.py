"""Registers our classes with transformers: auto classes and the pipeline task "whisper-at"."""

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForAudioClassification,
    AutoModelForSpeechSeq2Seq,
    AutoProcessor,
    WhisperProcessor,
)
from transformers.pipelines import PIPELINE_REGISTRY

from .conversion.default_model import DefaultModel
from .model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from .model.modeling_tltr import TLTRForAudioClassification
from .model.modeling_whisper_at import (
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
    WhisperATModel,
)
from .pipeline.loading import AutoWhisperAT
from .pipeline.pipeline import WhisperATPipeline
from .publishing import push_to_hub

TASK = "whisper-at"


def register() -> None:
    """Make `from_pretrained`, `pipeline("whisper-at")` and the stock audio pipelines know our classes."""
    AutoConfig.register(TLTRConfig.model_type, TLTRConfig, exist_ok=True)
    AutoConfig.register(WhisperATConfig.model_type, WhisperATConfig, exist_ok=True)
    AutoModel.register(WhisperATConfig, WhisperATModel, exist_ok=True)
    AutoModelForSpeechSeq2Seq.register(WhisperATConfig, WhisperATForConditionalGeneration, exist_ok=True)
    AutoModelForAudioClassification.register(WhisperATConfig, WhisperATForAudioClassification, exist_ok=True)
    AutoModelForAudioClassification.register(TLTRConfig, TLTRForAudioClassification, exist_ok=True)
    AutoProcessor.register(WhisperATConfig, WhisperProcessor, exist_ok=True)
    PIPELINE_REGISTRY.register_pipeline(
        TASK,
        pipeline_class=WhisperATPipeline,
        pt_model=AutoWhisperAT,
        default=DefaultModel(),
        type="multimodal",
    )
    # With a card and the code that loads them. From here, since the room `model` is copied and knows no other room.
    for cls in (
        WhisperATForConditionalGeneration,
        WhisperATForAudioClassification,
        TLTRForAudioClassification,
        WhisperATPipeline,
    ):
        cls.push_to_hub = push_to_hub
