"""Pooled encoder states of audio in memory."""

import numpy as np
import torch

from whisper_at_hf.features import load_encoder

from .material import SAMPLING_RATE


class Encoder:
    """The frozen Whisper encoder: audio in, pooled states out."""

    def __init__(self, whisper: str | None):
        encoder = load_encoder(whisper)
        self.model, self.extractor = encoder.model, encoder.feature_extractor

    def features(self, audio: np.ndarray, seconds: float) -> torch.Tensor:
        """Log-mel frames of `audio`, padded with silence to `seconds`: `(1, mels, frames)`."""
        samples = round(seconds * SAMPLING_RATE)
        return self.extractor(
            audio, sampling_rate=SAMPLING_RATE, padding="max_length", max_length=samples, return_tensors="pt"
        ).input_features

    def states(self, audio: np.ndarray, seconds: float) -> torch.Tensor:
        """`(layers, steps, width)`; more than 30 s is encoded in windows of 30 s side by side."""
        return self.model.get_pooled_states(self.features(audio, seconds))[0]
