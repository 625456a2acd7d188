"""The recordings of the twelve sounds that the first head knew, and which of them a head may see at which stage."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from whisper_at_hf.audio import load_audio

SAMPLING_RATE = 16_000

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
LABELS = ("Speech", "Music", *ESC10_LABELS.values())

# Where the parts that are learnt from are in the broad head's folds.
FOLD_OF_PART = {"train": "1", "validation": "0"}
TEST_FOLD, VALIDATION_FOLD = "5", "4"
TEST_SPEAKERS, VALIDATION_SPEAKERS = 4, 5
# Of each instrument's clips in alphabetical order: every fifth is held out, the one after it validates.
INSTRUMENT_PERIOD = 5


@dataclass
class Material:
    """Recordings of one part of the data, float32 at 16 kHz.

    Attributes:
        speech: per speaker, the utterances, each `(samples,)`.
        sounds: per label other than Speech, groups of clips, each `(samples,)`; one group per instrument under
            Music, a single group for the others.
    """

    speech: dict[str, list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    sounds: dict[str, dict[str, list[np.ndarray]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )


def load_material(data: Path) -> dict[str, Material]:
    """Read `esc10/`, `speech/` and `instruments/` of a folder, each with its `labels.csv`.

    Returns:
        `{"train", "validation", "test": Material}`. Test: ESC-10 fold 5, the last four speakers (ids sorted as text)
        and every fifth clip of an instrument. Validation: fold 4, the five speakers before those, the next clips.
    """
    parts = {name: Material() for name in ("train", "validation", "test")}
    for row in labelled_rows(data / "esc10"):
        parts[part_of_fold(row["fold"])].sounds[ESC10_LABELS[row["label"]]]["clips"].append(load_audio(row["path"]))
    for part, row in speech_rows(data):
        parts[part].speech[row["speaker"]].append(load_audio(row["path"]))
    for part, row in instrument_rows(data):
        parts[part].sounds["Music"][row["label"]].append(load_audio(row["path"]))
    return parts


def part_of_fold(fold: str) -> str:
    """Which part a fold of ESC-10 belongs to."""
    return {TEST_FOLD: "test", VALIDATION_FOLD: "validation"}.get(fold, "train")


def speech_rows(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of `speech/`, and the part that its speaker belongs to."""
    rows = labelled_rows(data / "speech")
    parts = split_speakers({row["speaker"] for row in rows})
    return ((parts[row["speaker"]], row) for row in rows)


def instrument_rows(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each row of `instruments/`, and the part that it belongs to."""
    seen: dict[str, int] = defaultdict(int)
    for row in labelled_rows(data / "instruments"):
        yield {0: "test", 1: "validation"}.get(seen[row["label"]] % INSTRUMENT_PERIOD, "train"), row
        seen[row["label"]] += 1


def split_speakers(speakers: set[str]) -> dict[str, str]:
    """Which part each speaker belongs to."""
    ordered = sorted(speakers)
    parts = ["train"] * (len(ordered) - TEST_SPEAKERS - VALIDATION_SPEAKERS)
    parts += ["validation"] * VALIDATION_SPEAKERS + ["test"] * TEST_SPEAKERS
    return dict(zip(ordered, parts, strict=True))


def labelled_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of a folder's `labels.csv` by their paths, which are given with the folder's own."""
    if not (folder / "labels.csv").is_file():
        raise SystemExit(f"'{folder}' has no labels.csv; name the folder that holds all data.")
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["path"])
    return [{**row, "path": str(folder / row["path"])} for row in rows]
