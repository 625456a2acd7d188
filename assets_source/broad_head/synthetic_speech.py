"""Speech of a program, clean and even as no recording is, which a head may take for an alarm."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from make_sample import RATE, speak
from twelve_sounds.material import speech_rows

# https://github.com/espeak-ng/espeak-ng: voices of both sexes and of several accents.
VOICES = ("en-us+f1", "en-us+m3", "en-gb+f4", "en-us+f2", "en-gb-scotland+m1", "en-us+m7", "en-gb+f5", "en-us+m2")
WINDOW_S, WINDOWS = 10, 64


def windows(data: Path) -> Iterator[np.ndarray]:
    """Windows of 10 s, `(samples,)` at 16 kHz, from words and a pause to words only: transcripts of LibriSpeech's
    training speakers, read by espeak-ng."""
    texts = [row["transcript"].lower() for part, row in speech_rows(data) if part == "train"]
    rng = np.random.default_rng(0)
    for number in range(WINDOWS):
        speech = speak(texts[number * len(texts) // WINDOWS], VOICES[number % len(VOICES)])
        spoken = speech[: round(rng.uniform(3, WINDOW_S) * RATE)]
        audio = np.zeros(WINDOW_S * RATE, np.float32)
        start = int(rng.integers(len(audio) - len(spoken) + 1))
        audio[start : start + len(spoken)] = spoken * (10 ** rng.uniform(-2, -1) / spoken.std())
        audio += rng.choice([0, 1e-4, 1e-3, 3e-3]) * rng.standard_normal(len(audio)).astype(np.float32)
        yield audio / max(1.0, float(np.abs(audio).max()))
