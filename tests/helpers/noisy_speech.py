"""Speech and sounds on disk that stand for real ones, and a recogniser that needs no model."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from sounds import RATE, sine

WORDS = "the old man went down to see his green boat"
NAMES = ("anna", "bert", "carla", "dora", "emil", "frida")


def write_speech(folder: Path, utterances: int = 4, speakers: int = 2, seconds: float = 0.5) -> Path:
    """A folder with labels.csv: tones of different pitch, all with the same ten words and a name as transcript."""
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "speaker", "transcript"])
        for index in range(utterances):
            soundfile.write(folder / f"u{index}.wav", sine(seconds, frequency=200.0 + 50 * index), RATE)
            table.writerow([f"u{index}.wav", f"s{index % speakers}", f"{WORDS} {NAMES[index]}"])
    return folder


def write_sounds(folder: Path, labels: Sequence[str] = ("dog", "rain"), clips: int = 4, seconds: float = 0.2) -> Path:
    """A folder for each class with clips of noise, no two alike."""
    for place, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for index in range(clips):
            noise = np.random.default_rng(100 * place + index).standard_normal(round(seconds * RATE))
            soundfile.write(folder / label / f"{label}{index}.wav", 0.1 * noise, RATE)
    return folder


class FakeRecogniser:
    """Hears the ten words, and what is louder than the speech costs it the first ones.

    Attributes:
        heard: the sounds of all its calls.
    """

    def __init__(self, name: str = "fake", batch_size: int = 3, fails_at: int | None = None):
        self.name, self.identity, self.batch_size = name, f"{name} 1", batch_size
        self.settings = {"task": "fake"}
        self.heard: list[np.ndarray] = []
        self._fails_at = fails_at

    def __call__(self, sounds: Sequence[np.ndarray]) -> list[str]:
        if self._fails_at is not None and len(self.heard) >= self._fails_at:
            raise KeyboardInterrupt
        self.heard += sounds
        return [" ".join(WORDS.split()[self._lost(sound) :]) for sound in sounds]

    @staticmethod
    def _lost(sound: np.ndarray) -> int:
        """0 for a pure tone, up to 10 for noise: a spectrum's flatness."""
        power = np.abs(np.fft.rfft(sound)) ** 2 + 1e-12
        return int(10 * np.exp(np.log(power).mean()) / power.mean())
