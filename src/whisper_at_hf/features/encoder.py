"""The frozen encoder that makes the features, from any kind of Whisper."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from ..conversion.ctranslate2 import read_ctranslate2
from ..conversion.default_model import default_model_path
from ..conversion.openai import read_openai
from ..conversion.sources import Source, config_values, detect_source
from ..conversion.weights import WhisperWeights
from ..errors import InputError
from ..model.complete_loading import load_complete
from ..model.configuration_whisper_at import MODEL_TYPE, WhisperATConfig
from ..model.fingerprint import fingerprint
from ..model.from_plain import from_plain
from ..model.modeling_whisper_at import WhisperATForAudioClassification
from ..model.timeline import FRAMES_PER_POSITION
from .spec import DTYPES, FeatureSpec

# What decides the encoder's output besides its weights.
MODEL_SETTINGS = ("encoder_attention_heads", "activation_function", "scale_embedding")
EXTRACTOR_SETTINGS = ("feature_size", "sampling_rate", "hop_length", "n_fft", "dither")


class Encoder:
    """A Whisper encoder with its feature extractor.

    Args:
        model: in float32; its heads are not used.
        feature_extractor: computes the log-mel frames that the model reads.
        dtype: what the model is to compute in, one of `spec.DTYPES`.

    Attributes:
        fingerprint: sha256 over the weights and whatever else decides the output.

    Raises:
        InputError: the feature extractor computes another number of mels than the model reads; an
            unknown dtype.
    """

    def __init__(
        self,
        model: WhisperATForAudioClassification,
        feature_extractor: WhisperFeatureExtractor,
        dtype: str = "float32",
    ):
        if dtype not in DTYPES:
            raise InputError(f"dtype={dtype!r} is unknown; use one of {', '.join(DTYPES)}.")
        if feature_extractor.feature_size != model.config.num_mel_bins:
            raise InputError(
                f"The feature extractor computes {feature_extractor.feature_size} mels, the encoder reads "
                f"{model.config.num_mel_bins}: use the preprocessor_config.json of the same Whisper."
            )
        self.fingerprint = _fingerprint(model, feature_extractor)
        self.model, self.feature_extractor = model.eval().to(getattr(torch, dtype)), feature_extractor
        self.dtype = dtype

    @property
    def window_frames(self) -> int:
        """Mel frames (10 ms) in the encoder's full window (30 s)."""
        return self.model.config.max_source_positions * FRAMES_PER_POSITION

    @property
    def frames_per_step(self) -> int:
        """Mel frames in one pooled step."""
        return self.model.config.pooling_size * FRAMES_PER_POSITION

    def spec(self, window_length_s: float = 10.0, padding: str = "trim") -> FeatureSpec:
        """The spec of features by this encoder. Raises InputError as `FeatureSpec`, and for too long a window."""
        config = self.model.config
        spec = FeatureSpec(
            self.fingerprint,
            config.encoder_layers,
            config.d_model,
            window_length_s,
            padding,
            self.dtype,
            config.pooling_size,
        )
        longest = self.window_frames // self.frames_per_step
        if spec.steps > longest:
            raise InputError(
                f"window_length_s={window_length_s:g} is longer than the encoder's window; "
                f"use at most {longest * spec.step_seconds:g} s."
            )
        return spec

    def to(self, device: str | torch.device) -> "Encoder":
        """Move the model there."""
        self.model.to(device)
        return self

    def __call__(self, windows: Sequence[torch.Tensor]) -> np.ndarray:
        """Log-mel windows, each `(mels, frames)`, to pooled states `(windows, layers, steps, width)` in float16.

        Raises:
            InputError: states that float16 cannot hold.
        """
        features = torch.stack(list(windows)).to(device=self.model.device, dtype=self.model.dtype)
        states = self.model.get_pooled_states(features).to(torch.float16).cpu().numpy()
        if not np.isfinite(states).all():
            raise InputError("The encoder gives NaN or states beyond float16: use dtype float32, or another Whisper.")
        return states


def load_encoder(whisper: str | os.PathLike | None = None, dtype: str = "float32") -> Encoder:
    """The encoder of a Whisper, on the CPU.

    Args:
        whisper: transformers or Whisper-AT folder or hub id, CTranslate2 folder or OpenAI `.pt`; None for the
            embedded default model.
        dtype: what the encoder is to compute in, "float32", "bfloat16" or "float16".

    Raises:
        InputError: there is no Whisper, or it is broken.
    """
    whisper = default_model_path() if whisper is None else whisper
    kind = detect_source(whisper)
    if kind is Source.TRANSFORMERS:
        model = _load_transformers(str(whisper))
    else:
        weights = read_ctranslate2(Path(whisper)) if kind is Source.CTRANSLATE2 else read_openai(Path(whisper))
        model = _from_weights(weights)
    return Encoder(model, _load_feature_extractor(kind, whisper, model.config), dtype)


def _load_transformers(whisper: str) -> WhisperATForAudioClassification:
    if config_values(whisper)["model_type"] == MODEL_TYPE:
        return load_complete(WhisperATForAudioClassification, whisper, dtype=torch.float32)
    return WhisperATForAudioClassification.from_whisper(whisper, dtype=torch.float32)


def _from_weights(weights: WhisperWeights) -> WhisperATForAudioClassification:
    return from_plain(WhisperATForAudioClassification, weights.model())


def _load_feature_extractor(
    kind: Source, whisper: str | os.PathLike, config: WhisperATConfig
) -> WhisperFeatureExtractor:
    """The one saved beside the weights; other formats and a trainer's checkpoints have none and use Whisper's own."""
    if kind is Source.TRANSFORMERS:
        try:
            return WhisperFeatureExtractor.from_pretrained(whisper)
        except OSError:
            pass
    return WhisperFeatureExtractor(feature_size=config.num_mel_bins)


def _fingerprint(model: WhisperATForAudioClassification, feature_extractor: WhisperFeatureExtractor) -> str:
    settings = {name: getattr(model.config, name) for name in MODEL_SETTINGS}
    settings.update((name, getattr(feature_extractor, name)) for name in EXTRACTOR_SETTINGS)
    return fingerprint(model.model.encoder, settings)
