"""The recordings that scenes are mixed of: what each is, under which licence, and which part of the data has it."""

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from twelve_sounds.material import FOLD_OF_PART, instrument_rows, labelled_rows, part_of_fold, speech_rows

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
    parted = ((part_of_fold(row["fold"]), row) for row in labelled_rows(data / "esc10"))
    return [_source(data, part, row, "sound", KNOWN[row["label"]], credit) for part, row in parted]


def _instruments(data: Path) -> list[Source]:
    credit = ("CC BY 4.0", "FSDKaggle2018, Freesound authors", "https://zenodo.org/records/2552860")
    return [_source(data, part, row, "sound", KNOWN[row["label"]], credit) for part, row in instrument_rows(data)]


def _speech(data: Path) -> list[Source]:
    credit = ("CC BY 4.0", "LibriSpeech", "https://www.openslr.org/31")
    return [_source(data, part, row, "speech", ("Speech",), credit) for part, row in speech_rows(data)]


def _source(
    data: Path, part: str, row: dict[str, str], kind: str, known: tuple[str, ...], credit: tuple[str, str, str]
) -> Source:
    """A recording of the data that the twelve sounds are of, too."""
    path = Path(row["path"]).relative_to(data).as_posix()
    return Source(path, FOLD_OF_PART.get(part, part), kind, with_parents(known), *credit)


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
        for row in _rows_within(data, name)
    ]


def _rows_within(data: Path, name: str) -> list[dict[str, str]]:
    rows = labelled_rows(data / name)
    return [{**row, "path": Path(row["path"]).relative_to(data).as_posix()} for row in rows]


def _known(row: dict[str, str]) -> tuple[str, ...]:
    given = tuple(label for label in row.get("labels", "").split(";") if label)
    return with_parents(given) if given else labels_by_name(row["path"])


def _author(row: dict[str, str]) -> str:
    return f"as named at {_origin(row)}" if _NO_AUTHOR.search(row["author"]) else row["author"]


def _origin(row: dict[str, str]) -> str:
    """Where the recording is from; a bare number is one of freesound.org's."""
    return f"https://freesound.org/s/{row['origin']}/" if row["origin"].isdigit() else row["origin"]


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
