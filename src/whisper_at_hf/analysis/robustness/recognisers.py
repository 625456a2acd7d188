"""Any speech recogniser as one kind of function: a batch of sounds in, their texts out."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from transformers import AutoConfig, PreTrainedModel, pipeline

from ...conversion import load_whisper
from ...conversion.default_model import default_model_path
from ...conversion.sources import Source, config_values, detect_source
from ...errors import InputError, first_line
from ...features.encoder import EXTRACTOR_SETTINGS, MODEL_SETTINGS
from ...model.configuration_whisper_at import MODEL_TYPE, WhisperATConfig
from ...model.fingerprint import fingerprint
from ...model.from_plain import from_plain
from ...model.modeling_whisper_at import WhisperATForConditionalGeneration
from ...pipeline.loading import DTYPES, check_device, load_pipeline
from ...pipeline.options import BATCHED
from ..layers.encoders import IRRELEVANT, WHISPER_TYPES
from ..tables import model_name
from .material import RATE


class Recogniser(Protocol):
    """What turns sounds into texts.

    Attributes:
        name: the last part of its path, for tables and figures.
        identity: differs where the texts could: a hash of the weights, and the settings.
        settings: how it decodes, for the record.
        batch_size: sounds that it takes at a time.
    """

    name: str
    identity: str
    settings: dict[str, Any]
    batch_size: int

    def __call__(self, sounds: Sequence[np.ndarray]) -> list[str]:
        """Texts of sounds, each `(samples,)` float32 at 16 kHz."""


class PipelineRecogniser:
    """A pipeline of transformers with arguments for its call.

    Args:
        name: see `Recogniser`.
        pipe: of the task "whisper-at" or "automatic-speech-recognition".
        batch_size: see `Recogniser`.
        settings: see `Recogniser`.
        arguments: of the call.
    """

    def __init__(self, name: str, pipe: Any, batch_size: int, settings: dict[str, Any], arguments: dict[str, Any]):
        self.name, self.pipe, self.batch_size, self.settings = name, pipe, batch_size, settings
        self.arguments = arguments
        self.identity = f"{_weights_hash(pipe)} {json.dumps(settings, sort_keys=True)}"

    def __call__(self, sounds: Sequence[np.ndarray]) -> list[str]:
        """See `Recogniser`."""
        inputs = [{"raw": sound, "sampling_rate": RATE} for sound in sounds]
        # Fallback draws at random.
        with torch.random.fork_rng():
            torch.manual_seed(0)
            results = self.pipe(inputs, batch_size=self.batch_size, **self.arguments)
        return [result["text"].strip() for result in results]


def load_recogniser(
    model: str | None,
    batch_size: int = 16,
    dtype: str = "float32",
    device: str | None = None,
    fallback: bool = False,
) -> PipelineRecogniser:
    """A speech recogniser by its folder or hub id.

    Whisper and Whisper-AT are decoded in English, greedily, at most 224 tokens a window, by this package's batched
    mode. Everything else goes through transformers' own pipeline: CTC models such as HuBERT and wav2vec2.

    Args:
        model: for Whisper whatever `load_whisper` takes, for others a folder or hub id; None for the embedded Whisper.
        batch_size: sounds at a time, of Whisper; others take one.
        dtype: "float32", "bfloat16", "float16" or "auto".
        device: the best one if None.
        fallback: decode again at higher temperatures where Whisper's checks fail; slower by far under noise.

    Raises:
        InputError: there is no such model, dtype or device, or it does not transcribe.
    """
    if dtype not in DTYPES:
        raise InputError(f"--dtype {dtype!r} is unknown; use {', '.join(DTYPES)}.")
    check_device(device)
    model = str(default_model_path() if model is None else model)
    name = model_name(model)
    if _is_whisper(model):
        pipe = _whisper_pipeline(model, device, dtype)
        return _whisper_recogniser(name, pipe, batch_size, fallback)
    try:
        options = {"dtype": dtype, "device": device, "trust_remote_code": False}
        pipe = pipeline("automatic-speech-recognition", model=model, **options)
    except (OSError, ValueError, KeyError, TypeError, ImportError, AttributeError, RuntimeError) as error:
        raise InputError(
            f"'{model}' cannot be loaded as a speech recogniser ({first_line(error)}); name a Whisper, a Whisper-AT, "
            "or a model with a CTC head and its processor."
        ) from error
    return _other_recogniser(name, pipe)


def _is_whisper(model: str) -> bool:
    if detect_source(model) is not Source.TRANSFORMERS:
        return True
    try:
        return AutoConfig.from_pretrained(model, trust_remote_code=False).model_type in WHISPER_TYPES
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"'{model}' is no model that can be reached ({first_line(error)}); name a folder or hub id of a Whisper, "
            "a Whisper-AT or a CTC model."
        ) from error


def _whisper_pipeline(model: str, device: str | None, dtype: str) -> Any:
    if detect_source(model) is Source.TRANSFORMERS and config_values(model)["model_type"] == MODEL_TYPE:
        return load_pipeline(model, device, dtype)
    plain, processor = load_whisper(model)
    loaded = from_plain(WhisperATForConditionalGeneration, plain, dtype=plain.dtype if dtype == "auto" else dtype)
    parts = {"tokenizer": processor.tokenizer, "feature_extractor": processor.feature_extractor}
    return pipeline("whisper-at", model=loaded, device=device, **parts)


def _whisper_recogniser(name: str, pipe: Any, batch_size: int, fallback: bool) -> PipelineRecogniser:
    if not pipe.model.can_generate():
        raise InputError(f"'{name}' has no decoder, so it does not transcribe; name a whole Whisper.")
    generate = {"language": "en", "task": "transcribe"}
    if not fallback:
        generate["temperature"] = 0.0
    settings = {
        "task": "whisper-at",
        "mode": BATCHED,
        **generate,
        "fallback": fallback,
        "max_new_tokens": pipe.model.config.max_target_positions // 2,
        "dtype": _dtype(pipe.model),
    }
    arguments = {"mode": BATCHED, "return_tags": False, "generate_kwargs": generate}
    return PipelineRecogniser(name, pipe, batch_size, settings, arguments)


def _other_recogniser(name: str, pipe: Any) -> PipelineRecogniser:
    rate = pipe.feature_extractor.sampling_rate
    if rate != RATE:
        raise InputError(f"'{name}' reads sound at {rate} Hz; name a model that reads {RATE} Hz.")
    settings = {"task": "automatic-speech-recognition", "type": pipe.type, "dtype": _dtype(pipe.model)}
    # One at a time: that pipeline would read letters off the padding of a batch too, mask or not.
    return PipelineRecogniser(name, pipe, 1, settings, {})


def _dtype(model: PreTrainedModel) -> str:
    return str(model.dtype).removeprefix("torch.")


def _weights_hash(pipe: Any) -> str:
    """sha256 over the weights and what else decides the text; tagging heads do not."""
    model, extractor = pipe.model, pipe.feature_extractor
    if isinstance(model.config, WhisperATConfig):
        # The same for a Whisper and a Whisper-AT on it.
        names = ("decoder_attention_heads", *MODEL_SETTINGS)
        decisive = {name: getattr(model.config, name) for name in names}
        sound = {name: getattr(extractor, name) for name in EXTRACTOR_SETTINGS}
    else:
        decisive, sound = model.config.to_dict(), extractor.to_dict()
    generation = model.generation_config.to_dict() if model.can_generate() else {}
    settings = [
        {key: value for key, value in values.items() if key not in IRRELEVANT}
        for values in (decisive, sound, generation)
    ]
    vocabulary = pipe.tokenizer.get_vocab()
    return fingerprint(model, [settings, vocabulary], lambda name: not name.startswith("heads."))
