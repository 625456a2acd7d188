"""What must get few tags: speech of unknown speakers, silence, and rooms where nothing happens."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from twelve_sounds.material import labelled_rows, speech_rows
from twelve_sounds.noise import coloured_noise

from whisper_at_hf.audio import load_audio

RATE = 16_000
FILE_S, PAUSE_S = 60, 0.4
QUIET_FILES = 10
# Tags of speech that are right.
OF_SPEECH = ("Speech", "Male speech, man speaking", "Female speech, woman speaking", "Narration, monologue")


def recordings(data: Path) -> dict[str, list[np.ndarray]]:
    """Minutes of audio at 16 kHz by what they hold: read speech (LibriSpeech's held-out speakers), acted speech
    (RAVDESS, all that is there), silence (digital, and with dither), rooms (noise and hum of many colours, faint)."""
    return {
        "read speech": list(_minutes(_read(data))),
        "acted speech": list(_minutes(_acted(data))),
        "silence": list(_silence()),
        "rooms": list(_rooms()),
    }


def _read(data: Path) -> Iterator[np.ndarray]:
    return (load_audio(row["path"]) for part, row in speech_rows(data) if part != "train")


def _acted(data: Path) -> Iterator[np.ndarray]:
    return (load_audio(row["path"]) for row in labelled_rows(data / "emotion"))


def _minutes(utterances: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Utterances at one level with short pauses, joined into files of a minute; the last one may be shorter."""
    waiting, samples = [], 0
    for utterance in utterances:
        loud = utterance * (0.05 / max(np.sqrt((utterance**2).mean()), 1e-4))
        waiting += [loud.astype(np.float32), np.zeros(round(PAUSE_S * RATE), np.float32)]
        samples += len(utterance) + round(PAUSE_S * RATE)
        if samples >= FILE_S * RATE:
            yield np.concatenate(waiting)
            waiting, samples = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _silence() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(1)
    for number in range(QUIET_FILES):
        samples = np.zeros(FILE_S * RATE, np.float32)
        yield samples if number % 2 else samples + rng.uniform(-1, 1, len(samples)).astype(np.float32) / 2**15


def _rooms() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(2)
    samples = FILE_S * RATE
    times = np.arange(samples) / RATE
    for _ in range(QUIET_FILES):
        noise = coloured_noise(samples, rng.uniform(0.3, 1.2), rng)
        base = float(rng.choice([50, 60])) * rng.uniform(0.99, 1.01)
        hum = sum(np.sin(2 * np.pi * base * k * times) / k for k in (1, 2, 3, 4))
        audio = noise / noise.std() + rng.uniform(0, 0.5) * hum
        yield (audio / audio.std() * 10 ** (rng.uniform(-60, -40) / 20)).astype(np.float32)
