"""The labels that a head learns, and the targets of every clip in their order."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

import numpy as np
from datasets import Dataset

from ..errors import InputError
from ..labels import audioset_labels
from .csv_files import read_rows
from .schema import clip_names, display_name, first_few, label_lists, unreadable

AUDIOSET = "audioset"
# Headers of the column with the names in a CSV file of labels; AudioSet's class_labels_indices.csv has the first.
NAME_COLUMNS = ("display_name", "label", "labels", "name")

ProblemType = Literal["single_label_classification", "multi_label_classification"]


def resolve_labels(labels: str | os.PathLike | Iterable[str] | None, *datasets: Dataset) -> list[str]:
    """Find the names of a head's outputs, in order.

    Args:
        labels: one of
            - None: all labels of the datasets, sorted;
            - "audioset": AudioSet's 527, in the order of the original Whisper-AT;
            - a .txt file with one label a line;
            - a .csv file with a column `display_name` (AudioSet's class_labels_indices.csv) or `label`, or with a
              single column;
            - the labels themselves.
        datasets: what to read the labels from if `labels` is None.

    Raises:
        InputError: the file cannot be read; there are no labels, empty or repeated ones.
    """
    if labels is None:
        found = {label for dataset in datasets for clip in label_lists(dataset) for label in clip}
        return _checked(sorted(found), "the data")
    if labels == AUDIOSET:
        return audioset_labels()
    if isinstance(labels, str | os.PathLike):
        name = os.fspath(labels)
        return _checked(_read_labels(name), repr(name))
    return _checked(list(labels), "labels")


def infer_problem_type(dataset: Dataset) -> ProblemType:
    """Single-label (softmax) if every clip has exactly one label, else multi-label (sigmoid)."""
    single = all(len(labels) == 1 for labels in label_lists(dataset))
    return "single_label_classification" if single else "multi_label_classification"


def targets(dataset: Dataset, labels: Sequence[str], problem_type: ProblemType) -> np.ndarray:
    """The outputs that a perfect head would give.

    Args:
        dataset: of any of our loaders.
        labels: the names of the head's outputs, in order.
        problem_type: as in transformers' configurations.

    Returns:
        for multi-label, zeros and ones of shape `(clips, labels)`, as uint8, since AudioSet has a billion of them; for
        single-label, int64 indices of shape `(clips,)`.

    Raises:
        InputError: an unknown label in the data or problem type; several labels on a clip of a single-label problem.
    """
    rows = label_lists(dataset)
    check_known(dataset, labels, "data")
    index = {label: number for number, label in enumerate(labels)}
    if problem_type == "multi_label_classification":
        result = np.zeros((len(rows), len(labels)), dtype=np.uint8)
        for row, clip in enumerate(rows):
            result[row, [index[label] for label in clip]] = 1
        return result
    if problem_type != "single_label_classification":
        raise InputError(
            f"Unknown problem_type {problem_type!r}: pass single_label_classification or multi_label_classification."
        )
    if several := [row for row, clip in enumerate(rows) if len(clip) != 1]:
        name = clip_names(dataset)[several[0]]
        raise InputError(f"{name!r} has {len(rows[several[0]])} labels: train multi_label_classification instead.")
    return np.array([index[label] for (label,) in rows], dtype=np.int64)


def check_known(dataset: Dataset, labels: Sequence[str], what: str) -> None:
    """Check that a label set holds all labels of a dataset, which messages call the `what` ("training data", ...).

    Raises:
        InputError: it names the unknown labels, the first clip with one, and the nearest known label.
    """
    known = set(labels)
    rows = label_lists(dataset)
    unknown = dict.fromkeys(label for clip in rows for label in clip if label not in known)
    if not unknown:
        return
    label = next(iter(unknown))
    name = clip_names(dataset)[next(row for row, clip in enumerate(rows) if label in clip)]
    near = get_close_matches(label, labels, n=1)
    raise InputError(
        f"Labels in the {what} that are not in the label set: {first_few(list(unknown))} (first in {name!r}): "
        + (f"did you mean {near[0]!r}?" if near else "add them to the label set, or correct the data.")
    )


def _checked(labels: list[str], source: str) -> list[str]:
    if not labels:
        raise InputError(f"No labels in {source}: give at least one.")
    if wrong := [label for label in labels if not isinstance(label, str) or not label.strip()]:
        raise InputError(f"{wrong[0]!r} in {source} is no label: give names that are not empty.")
    names = [display_name(label) for label in labels]
    if repeated := [label for label, times in Counter(names).items() if times > 1]:
        raise InputError(f"Repeated labels in {source}: {first_few(repeated)}: name each of them once.")
    return names


def _read_labels(path: str) -> list[str]:
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".csv":
        return _read_label_csv(path)
    if suffix != ".txt":
        raise InputError(f'labels is {path!r}: pass "audioset", a .txt or .csv file, or a list of labels.')
    try:
        with open(path, encoding="utf-8-sig") as file:
            return [line.strip() for line in file if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{path!r} is not in UTF-8: save it as UTF-8 text.") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _read_label_csv(path: str) -> list[str]:
    rows = [[cell.strip() for cell in cells] for _, cells in read_rows(path)]
    width = len(rows[0]) if rows else 1
    if wrong := next((row for row in rows if len(row) != width), None):
        raise InputError(f"{path!r}: {', '.join(wrong)!r} has {len(wrong)} cells, not {width}: use quotes.")
    column = next((rows[0].index(name) for name in NAME_COLUMNS if rows and name in rows[0]), None)
    if column is not None:
        return [row[column] for row in rows[1:]]
    if width > 1:
        raise InputError(f"{path!r} has no column display_name or label, only {', '.join(rows[0])}: rename one.")
    return [row[0] for row in rows]
