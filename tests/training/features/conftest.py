from pathlib import Path

import numpy as np
import pytest
import soundfile
from datasets import Dataset
from sounds import RATE
from tiny import MELS, save_plain_whisper
from transformers import WhisperFeatureExtractor

from whisper_at_hf.training.features import load_encoder


@pytest.fixture(scope="session")
def whisper_folder(tmp_path_factory) -> Path:
    """A tiny random Whisper whose full window is 2 s, that is 5 steps."""
    folder = tmp_path_factory.mktemp("whisper")
    save_plain_whisper(folder)
    WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(folder)
    return folder


@pytest.fixture
def encoder(whisper_folder):
    return load_encoder(whisper_folder)


@pytest.fixture
def make_clips(tmp_path):
    """Writes clips of noise of these lengths in seconds and gives their dataset; other seeds, other noise."""

    def make(*seconds: float, seed: int = 0) -> Dataset:
        rng = np.random.default_rng(seed)
        rows = []
        for number, length in enumerate(seconds):
            path = tmp_path / f"clip-{seed}-{number}.wav"
            loudness = 0.1 * (1 + number % 3)
            soundfile.write(path, loudness * rng.standard_normal(round(length * RATE)), RATE, subtype="FLOAT")
            rows.append({"path": str(path), "labels": ["noise"]})
        return Dataset.from_list(rows)

    return make


@pytest.fixture
def five_clips(make_clips) -> Dataset:
    return make_clips(1.2, 0.5, 3.0, 2.0, 1.0)
