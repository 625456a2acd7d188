"""Join what the teacher says of each window, what it says of the recordings in it, and what is known of them.

    python assets_source/join_teachings.py SCENES

In a mixture the teacher misses what is faint; alone it hears it. SCENES holds `windows.csv`, `sources.csv`,
`mixed.csv` and `alone.csv` (see `render_broad_scenes.py`) and gets `train.csv`, `validation.csv` (path, labels, start,
end) and `teacher.csv`, whose probability of a label is the highest of the mixture's, `ALONE` times that of each
recording in the window, and `KNOWN` where a data set says that it is heard.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

# Of a label in a recording alone, how much holds for a window that it is mixed into, maybe in part and faint.
ALONE = 0.7
KNOWN = 0.95


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="SCENES")
    folder = parser.parse_args().folder
    labels, alone = _probabilities(folder / "alone.csv")
    _, mixed = _probabilities(folder / "mixed.csv")
    places = {label: place for place, label in enumerate(labels)}
    sources = [alone.get((row["path"], 0.0, None)) for row in _rows(folder / "sources.csv")]
    parts: dict[str, list[list[str]]] = {"train": [], "validation": []}
    with (folder / "teacher.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "start", "end", *labels])
        for row in _rows(folder / "windows.csv"):
            clip = (str((folder / row["path"]).resolve()), float(row["start"]), float(row["end"]))
            heard = [sources[int(number)] for number in row["sources"].split()]
            known = [places[label] for label in row["labels"].split(";") if label]
            values = joined(mixed[clip], [one for one in heard if one is not None], known)
            writer.writerow([row["path"], row["start"], row["end"], *(f"{value:.5g}" for value in values)])
            parts[row["part"]].append([row["path"], row["labels"], row["start"], row["end"]])
    for part, rows in parts.items():
        with (folder / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["path", "labels", "start", "end"])
            writer.writerows(rows)


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
