"""Speech with sounds at random known times, seeded; what tunes and what tests come from different recordings."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whisper_at_hf.audio import load_audio

RATE = 16_000
# ESC-10 class -> AudioSet display name. https://github.com/karolpiczak/ESC-50
ESC10_LABELS = {
    "dog_bark": "Dog",
    "rain": "Rain",
    "sea_waves": "Waves, surf",
    "baby_cry": "Baby cry, infant cry",
    "clock_tick": "Tick-tock",
    "person_sneeze": "Sneeze",
    "helicopter": "Helicopter",
    "chainsaw": "Chainsaw",
    "rooster": "Crowing, cock-a-doodle-doo",
    "fire_crackling": "Crackle",
}
# The embedded head's own parts: of ESC-10 it learnt from folds 1 to 3, of the speakers from all but the last nine.
TUNING, TEST = "tuning", "test"
FOLDS = {TUNING: "4", TEST: "5"}
SPEAKERS = {TUNING: slice(-9, -4), TEST: slice(-4, None)}
SEEDS = {TUNING: 1, TEST: 2}

MIXTURES, SECONDS, EVENTS = 60, 60.0, 5
SNR_DB = (-5.0, 10.0)
# Seconds between utterances, and between sounds, which never overlap each other.
PAUSES = (0.3, 3.0)
LEAST_BETWEEN = 1.5
# A sound is heard where it is at most this much below its own loudest part, and a shorter pause does not end it.
HEARD_DB, PAUSE = -20.0, 1.0
_FRAME = RATE // 50


@dataclass(frozen=True)
class Event:
    """A sound that is there; `label` is AudioSet's name, times are seconds from the start of the mixture."""

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class Mixture:
    """Sound `(samples,)` at 16 kHz, the events that were put into it, and where there is speech."""

    audio: np.ndarray
    events: tuple[Event, ...]
    speech: tuple[Event, ...]


def mixtures(data: Path, part: str, count: int = MIXTURES) -> Iterator[Mixture]:
    """The first `count` mixtures of a part ("tuning" or "test"), the same at every call.

    Args:
        data: holds `speech/` and `esc10/`, each with a `labels.csv`.
    """
    rng = np.random.default_rng(SEEDS[part])
    utterances = _utterances(data / "speech", SPEAKERS[part])
    sounds = _sounds(data / "esc10", FOLDS[part])
    for _ in range(count):
        audio, speech = _talk(utterances, rng)
        yield Mixture(*_with_sounds(audio, sounds, rng), speech)


def heard_part(clip: np.ndarray) -> np.ndarray:
    """The longest stretch of a recording in which its sound is heard without a pause."""
    frames = clip[: len(clip) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    heard = np.flatnonzero(power > np.percentile(power, 95) * 10 ** (HEARD_DB / 10))
    stretches = np.split(heard, np.flatnonzero(np.diff(heard) > PAUSE * 50) + 1)
    longest = max(stretches, key=lambda stretch: stretch[-1] - stretch[0])
    return clip[longest[0] * _FRAME : (longest[-1] + 1) * _FRAME]


def _talk(utterances: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, tuple[Event, ...]]:
    audio = np.zeros(round(SECONDS * RATE), dtype=np.float32)
    spoken, at = [], round(rng.uniform(*PAUSES) * RATE)
    while True:
        utterance = utterances[rng.integers(len(utterances))]
        if at + len(utterance) > len(audio):
            return audio, tuple(spoken)
        audio[at : at + len(utterance)] = utterance
        spoken.append(Event("Speech", at / RATE, (at + len(utterance)) / RATE))
        at += len(utterance) + round(rng.uniform(*PAUSES) * RATE)


def _with_sounds(
    speech: np.ndarray, sounds: list[tuple[str, np.ndarray]], rng: np.random.Generator
) -> tuple[np.ndarray, tuple[Event, ...]]:
    chosen = [sounds[index] for index in rng.choice(len(sounds), EVENTS, replace=False)]
    free = SECONDS - sum(len(sound) for _, sound in chosen) / RATE - LEAST_BETWEEN * (EVENTS + 1)
    gaps = rng.dirichlet(np.ones(EVENTS + 1))[:EVENTS] * free + LEAST_BETWEEN
    power = np.mean(np.square(speech[speech != 0], dtype=np.float64))
    audio, events, at = speech.copy(), [], 0.0
    for (label, sound), gap in zip(chosen, gaps, strict=True):
        begin = round((at + gap) * RATE)
        level = np.sqrt(power / np.mean(np.square(sound, dtype=np.float64)) / 10 ** (rng.uniform(*SNR_DB) / 10))
        audio[begin : begin + len(sound)] += np.float32(level) * sound
        at = (begin + len(sound)) / RATE
        events.append(Event(label, begin / RATE, at))
    return audio / np.float32(max(1.0, np.abs(audio).max())), tuple(events)


def _utterances(folder: Path, part: slice) -> list[np.ndarray]:
    rows = labelled_rows(folder)
    speakers = sorted({row["speaker"] for row in rows})[part]
    return [load_audio(row["path"]) for row in rows if row["speaker"] in speakers]


def _sounds(folder: Path, fold: str) -> list[tuple[str, np.ndarray]]:
    rows = [row for row in labelled_rows(folder) if row["fold"] == fold]
    return [(ESC10_LABELS[row["label"]], heard_part(load_audio(row["path"]))) for row in rows]


def labelled_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of a folder's `labels.csv` by their paths, which are given with the folder's own."""
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["path"])
    return [{**row, "path": str(folder / row["path"])} for row in rows]
