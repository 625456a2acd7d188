"""The recordings that scenes are mixed of: what each is, under which licence, and which part of the data has it."""

import csv
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from twelve_sounds.material import split_speakers

from .names import labels_by_name, with_parents

# ESC-10's classes and FSDKaggle2018's instruments by their names in AudioSet.
KNOWN = {
    "dog_bark": ("Dog", "Bark"),
    "rain": ("Rain",),
    "sea_waves": ("Waves, surf",),
    "baby_cry": ("Baby cry, infant cry",),
    "clock_tick": ("Tick-tock",),
    "person_sneeze": ("Sneeze",),
    "helicopter": ("Helicopter",),
    "chainsaw": ("Chainsaw", "Tools"),
    "rooster": ("Crowing, cock-a-doodle-doo",),
    "fire_crackling": ("Crackle", "Fire"),
    "Acoustic_guitar": ("Music", "Acoustic guitar"),
    "Bass_drum": ("Bass drum",),
    "Cello": ("Music", "Cello"),
    "Clarinet": ("Music", "Clarinet"),
    "Double_bass": ("Music", "Double bass"),
    "Flute": ("Music", "Flute"),
    "Hi_hat": ("Hi-hat",),
    "Saxophone": ("Music", "Saxophone"),
    "Snare_drum": ("Snare drum",),
    "Violin_or_fiddle": ("Music", "Violin, fiddle"),
}
# Of each instrument's clips in alphabetical order: every fifth is tested, the one after it is in the first fold.
PERIOD = 5
# What is learnt from comes in folds, each of which tests a head that has learnt from the others. Scenes that only the
# recipe of the twelve sounds knows are of ESC-10's first three folds ("1") or of its fourth ("0"), so are these.
FOLDS = ("0", "1", "2")
# Folders of many sounds, each of which `labels.csv` credits: `render_sources.py` makes the second one.
COLLECTIONS = ("sounds", "rendered")
OPTIONAL = "rendered"
# What stands in a list where its maker did not write an author down.
_NO_AUTHOR = re.compile(r"^\W|#authors|^https?:|^see |^N/A$")


@dataclass(frozen=True)
class Source:
    """A recording.

    Attributes:
        path: relative to the folder of all data.
        part: one of `FOLDS`, or "test"; no file and no group of variants is in two, and no speaker is tested that was
            learnt from.
        kind: "sound" or "speech".
        known: AudioSet labels that hold for certain, as far as its data set or its name says so.
        licence, author, origin: whom to credit.
    """

    path: str
    part: str
    kind: str
    known: tuple[str, ...]
    licence: str
    author: str
    origin: str

    @property
    def freesound_id(self) -> str | None:
        """The number of the recording on freesound.org that it was cut out of, where that is known."""
        return _freesound_id(self.path, self.origin)


def read_sources(data: Path) -> list[Source]:
    """All recordings of `esc10/`, `instruments/`, `speech/` and `COLLECTIONS`; those marked test-only are all tested.

    But for those that another collection holds too, cut another way, where it may be learnt from.
    """
    for name in ("esc10", "instruments", "speech", COLLECTIONS[0]):
        if not (data / name / "labels.csv").is_file():
            raise SystemExit(f"'{data}' has no {name}/labels.csv; name the folder that holds all data.")
    listed = [*_esc10(data), *_instruments(data), *_speech(data), *_collections(data)]
    sources = {one.path: one for one in listed}.values()
    used = {number for one in sources if one.part != "test" and (number := one.freesound_id)}
    return [one for one in sources if one.part != "test" or one.freesound_id not in used]


def write_manifest(sources: list[Source], path: Path) -> None:
    """A CSV line for each recording: where it is from, its licence and author, and what it was used for."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "part", "licence", "author", "origin"])
        writer.writerows([one.path, one.part, one.licence, one.author, one.origin] for one in sources)


def _esc10(data: Path) -> list[Source]:
    credit = ("CC BY 3.0", "K. J. Piczak and Freesound authors", "https://github.com/karolpiczak/ESC-50")
    parts = {"5": "test", "4": "0"}
    return [
        Source(row["path"], parts.get(row["fold"], "1"), "sound", with_parents(KNOWN[row["label"]]), *credit)
        for row in _rows(data, "esc10")
    ]


def _instruments(data: Path) -> list[Source]:
    credit = ("CC BY 4.0", "FSDKaggle2018, Freesound authors", "https://zenodo.org/records/2552860")
    seen: dict[str, int] = defaultdict(int)
    sources = []
    for row in _rows(data, "instruments"):
        part = _periodic(seen[row["label"]])
        seen[row["label"]] += 1
        sources.append(Source(row["path"], part, "sound", with_parents(KNOWN[row["label"]]), *credit))
    return sources


def _speech(data: Path) -> list[Source]:
    credit = ("CC BY 4.0", "LibriSpeech", "https://www.openslr.org/31")
    rows = _rows(data, "speech")
    part = {
        speaker: {"train": "1", "validation": "0"}.get(name, name)
        for speaker, name in split_speakers({row["speaker"] for row in rows}).items()
    }
    return [Source(row["path"], part[row["speaker"]], "speech", ("Speech",), *credit) for row in rows]


def _collections(data: Path) -> list[Source]:
    return [
        Source(
            row["path"],
            _part_of_sound(row),
            "sound",
            _known(row),
            row["licence"],
            _author(row),
            _origin(row),
        )
        for name in COLLECTIONS
        if name != OPTIONAL or (data / name).is_dir()
        for row in _rows(data, name)
    ]


def _known(row: dict[str, str]) -> tuple[str, ...]:
    given = tuple(label for label in row.get("labels", "").split(";") if label)
    return with_parents(given) if given else labels_by_name(row["path"])


def _author(row: dict[str, str]) -> str:
    return f"as named at {_origin(row)}" if _NO_AUTHOR.search(row["author"]) else row["author"]


def _origin(row: dict[str, str]) -> str:
    """Where the recording is from; a bare number is one of freesound.org's."""
    return f"https://freesound.org/s/{row['origin']}/" if row["origin"].isdigit() else row["origin"]


def _periodic(place: int) -> str:
    return {0: "test", 1: "0"}.get(place % PERIOD, "1")


def _part_of_sound(row: dict[str, str]) -> str:
    if row["use"] != "train":
        return "test"
    # "scrape_01" and "scrape_02" are one group: variants of a sound are too much alike to test each other, and so are
    # cuts of one recording.
    stem = Path(row["path"]).stem
    variants = stem if row["path"].startswith("rendered/") else re.sub(r"[\W\d_]+", " ", stem).strip()
    group = _freesound_id(row["path"], row["origin"]) or variants
    return FOLDS[int(hashlib.sha256(group.encode()).hexdigest(), 16) % len(FOLDS)]


def _freesound_id(path: str, origin: str) -> str | None:
    address = re.search(r"freesound\.org/(?:s|people/[^/]+/sounds)/(\d+)", origin)
    found = address or re.fullmatch(r"esc10/\w+/\d-(\d+)-\w+\.\w+", path)
    return found and found[1]


def _rows(data: Path, folder: str) -> list[dict[str, str]]:
    with (data / folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["path"])
    return [{**row, "path": f"{folder}/{row['path']}"} for row in rows]
