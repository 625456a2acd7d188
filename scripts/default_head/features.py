"""Pooled encoder states of random scenes, computed once and kept in a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from whisper_at_hf import WhisperATForAudioClassification

from .material import SAMPLING_RATE, Material
from .scenes import random_scene


@dataclass
class SceneStates:
    """Encoded scenes of one length.

    Attributes:
        states: `(scenes, layers, steps, width)` float16, the encoder's pooled states.
        activity: `(scenes, steps, 12)` seconds that each label sounds within each step.
    """

    states: np.ndarray
    activity: np.ndarray


class Encoder:
    """The frozen Whisper encoder: audio in, pooled states out."""

    def __init__(self, whisper: str):
        from transformers import WhisperFeatureExtractor

        self.model = WhisperATForAudioClassification.from_whisper(whisper).eval()
        self.extractor = WhisperFeatureExtractor.from_pretrained(whisper)

    def features(self, audio: np.ndarray, seconds: float) -> torch.Tensor:
        """Log-mel frames of `audio`, padded with silence to `seconds`: `(1, mels, frames)`."""
        samples = round(seconds * SAMPLING_RATE)
        return self.extractor(
            audio, sampling_rate=SAMPLING_RATE, padding="max_length", max_length=samples, return_tensors="pt"
        ).input_features

    def states(self, audio: np.ndarray, seconds: float) -> torch.Tensor:
        """`(layers, steps, width)`; more than 30 s is encoded in windows of 30 s side by side."""
        return self.model.get_pooled_states(self.features(audio, seconds))[0]


def encoded_scenes(
    encoder: Encoder, material: Material, seconds: float, count: int, seed: int, cache: Path
) -> SceneStates:
    """`count` random scenes as the encoder sees them; read from `cache` (an .npz file) where it exists."""
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        pairs = list(_encode(encoder, material, seconds, count, seed))
        states, activity = (np.stack(column) for column in zip(*pairs, strict=True))
        np.savez(cache, states=states, activity=activity)
    with np.load(cache) as file:
        return SceneStates(file["states"], file["activity"])


def _encode(
    encoder: Encoder, material: Material, seconds: float, count: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    for index in range(count):
        scene = random_scene(material, seconds, rng)
        yield encoder.states(scene.audio, seconds).half().numpy(), scene.activity
        if (index + 1) % 100 == 0:
            print(f"{seconds:g} s scenes: {index + 1} of {count}", flush=True)
