"""Join what the teacher says of each window, what it says of the recordings in it, and what is known of them.

    python assets_source/join_teachings.py SCENES [--certain TWELVE]

In a mixture the teacher misses what is faint; alone it hears it. SCENES holds `windows.csv`, `sources.csv`,
`mixed.csv` and `alone.csv` (see `render_broad_scenes.py`) and gets `train.csv` (path, labels, start, end, fold) and
`teacher.csv`, whose probability of a label is the highest of the mixture's, `ALONE` times that of each
recording in the window, and `KNOWN` where a data set says that it is heard. TWELVE holds the scenes of
`render_twelve_sounds.py`, with a `mixed.csv` of its windows: of twelve labels it is certain whether they are heard.
"""

import argparse
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np
from broad_head.names import with_parents
from twelve_sounds.material import LABELS

from whisper_at_hf.files import whole_or_nothing

# Of a label in a recording alone, how much holds for a window that it is mixed into, maybe in part and faint.
ALONE = 0.7
KNOWN = 0.95
# Of a label that is certainly not heard.
ABSENT = 0.005


def joined(mixed: np.ndarray, alone: list[np.ndarray], known: list[int]) -> np.ndarray:
    """Probabilities `(num_labels,)` of a window.

    Args:
        mixed: the mixture's `(num_labels,)`.
        alone: those of each recording in it.
        known: the places of labels that hold for certain.
    """
    result = np.max([mixed, *(ALONE * one for one in alone)], axis=0)
    result[known] = np.maximum(result[known], KNOWN)
    return result


def certain(mixed: np.ndarray, heard: list[int], all_labels: list[int]) -> np.ndarray:
    """Probabilities `(num_labels,)` of a window of which it is certain which of `all_labels` are heard.

    Args:
        mixed: the teacher's `(num_labels,)`.
        heard: the places of labels that are heard, with their parents.
        all_labels: the places of the labels that are not heard unless they are among those.
    """
    result = mixed.copy()
    result[all_labels] = np.minimum(result[all_labels], ABSENT)
    result[heard] = np.maximum(result[heard], KNOWN)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="SCENES")
    parser.add_argument("--certain", type=Path, metavar="TWELVE", help="scenes of render_twelve_sounds.py")
    args = parser.parse_args()
    labels, windows = broad_windows(args.folder)
    if args.certain:
        windows = chain(windows, certain_windows(args.certain, labels))
    rows = []
    with _written(args.folder / "teacher.csv") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "start", "end", *labels])
        for row, values in windows:
            writer.writerow([row["path"], row["start"], row["end"], *(f"{value:.5g}" for value in values)])
            rows.append([row[key] for key in ("path", "labels", "start", "end", "fold")])
    with _written(args.folder / "train.csv") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "labels", "start", "end", "fold"])
        writer.writerows(rows)


def broad_windows(folder: Path) -> tuple[list[str], Iterator[tuple[dict[str, str], np.ndarray]]]:
    """The teacher's labels, and of each window of SCENES its row and its probabilities."""
    labels, alone = _probabilities(folder / "alone.csv")
    _, mixed = _probabilities(folder / "mixed.csv")
    places = {label: place for place, label in enumerate(labels)}
    sources = [alone.get((row["path"], 0.0, None)) for row in _rows(folder / "sources.csv")]

    def windows() -> Iterator[tuple[dict[str, str], np.ndarray]]:
        for row in _rows(folder / "windows.csv"):
            clip = (str((folder / row["path"]).resolve()), float(row["start"]), float(row["end"]))
            heard = [sources[int(number)] for number in row["sources"].split()]
            known = [places[label] for label in row["labels"].split(";") if label]
            yield row, joined(mixed[clip], [one for one in heard if one is not None], known)

    return labels, windows()


def certain_windows(folder: Path, labels: list[str]) -> Iterator[tuple[dict[str, str], np.ndarray]]:
    """The same of each window of TWELVE; its paths are absolute."""
    _, mixed = _probabilities(folder / "mixed.csv")
    places = {label: place for place, label in enumerate(labels)}
    twelve = [places[label] for label in LABELS]
    for row in _rows(folder / "windows.csv"):
        path = str((folder / row["path"]).resolve())
        heard = with_parents(tuple(label for label in row["labels"].split(";") if label))
        values = mixed[path, float(row["start"]), float(row["end"])]
        yield (
            {**row, "path": path, "labels": ";".join(heard)},
            certain(values, [places[one] for one in heard], twelve),
        )


@contextmanager
def _written(path: Path) -> Iterator[TextIO]:
    """A file that is there whole or not at all."""
    with whole_or_nothing(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        yield file


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _probabilities(path: Path) -> tuple[list[str], dict[tuple, np.ndarray]]:
    """The labels of a teacher's file, and `{(path, start, end): probabilities}`."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    clips = {}
    for name, start, end, *values in rows:
        where = str((path.parent / name).resolve())
        clips[where, float(start), float(end) if end else None] = np.array(values, dtype=np.float32)
    return header[3:], clips


if __name__ == "__main__":
    main()
