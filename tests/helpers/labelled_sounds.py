"""Labelled sounds in files: a class is a pitch, so that even a random Whisper can tell them apart."""

import csv
from pathlib import Path

import numpy as np
import soundfile
from sounds import RATE, sine
from tiny import MELS, save_plain_whisper
from transformers import WhisperFeatureExtractor

PITCHES = {"low": 300.0, "mid": 1200.0, "high": 4000.0}


def save_tiny_whisper(folder: Path) -> Path:
    """A tiny random Whisper with its feature extractor; its full window is 2 s, that is 5 steps."""
    save_plain_whisper(folder)
    WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(folder)
    return folder


def tones(labels: list[str], seed: int, seconds: float = 1.2) -> np.ndarray:
    """The tones of these labels together, each a little off its pitch, and some noise: no two seeds sound the same."""
    rng = np.random.default_rng(seed)
    sounds = [sine(seconds, frequency=PITCHES[label] * rng.uniform(0.9, 1.1), amplitude=0.2) for label in labels]
    return sum(sounds, 0.02 * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def write_tones(folder: Path, labels: list[list[str]], seed: int = 0, seconds: float = 1.2) -> list[str]:
    """One file for each list of labels; returns their names in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"clip-{seed}-{number}.wav" for number in range(len(labels))]
    for number, (name, chosen) in enumerate(zip(names, labels, strict=True)):
        soundfile.write(folder / name, tones(chosen, 1000 * seed + number, seconds), RATE)
    return names


def write_csv(path: Path, rows: list[tuple], header: tuple[str, ...] = ("path", "label")) -> Path:
    """A CSV file of `rows` under `header`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path
