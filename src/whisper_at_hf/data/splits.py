"""Splits of a dataset: held-out clips and folds, with the classes spread evenly and no file on two sides."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from datasets import Dataset

from ..errors import InputError
from .schema import FEATURES, label_lists

# How many folds are drawn where the data has none.
DRAWN_FOLDS = 5


def holdout_split(dataset: Dataset, share: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Hold out a share of the clips of every class for validation.

    Segments of one file stay together. A clip with several labels counts for the rarest of them. Every class of two
    or more files is represented in training, and as far as that allows in validation; others only in training.

    Args:
        dataset: of any of our loaders.
        share: of the clips of each class, above 0 and below 1.
        seed: of the random choice.

    Returns:
        `(train, validation)`, both in the order of the dataset.

    Raises:
        InputError: a wrong share, or no class has two files.
    """
    if not 0 < share < 1:
        raise InputError(f"The validation share is {share!r}: give one above 0 and below 1, such as 0.2.")
    generator = np.random.default_rng(seed)
    labels = label_lists(dataset)
    held_out: list[list[int]] = []
    for files in _files_by_class(dataset, labels):
        generator.shuffle(files)
        held_out += files[: max(1, round(share * len(files)))]
    validation = _without_unseen(held_out, labels)
    if not validation:
        raise InputError("No class has two files, so none can be held out: add clips or pass validation data.")
    inside = set(validation)
    return dataset.select([row for row in range(len(dataset)) if row not in inside]), dataset.select(sorted(inside))


def assign_folds(dataset: Dataset, count: int = DRAWN_FOLDS, seed: int = 0) -> Dataset:
    """Give every clip a fold, "1" to `count`, with the classes spread evenly and the segments of a file together.

    Args:
        dataset: of any of our loaders; a column `fold` is replaced.
        count: of folds, at least 2.
        seed: of the random choice.

    Raises:
        InputError: fewer than 2 folds, or more than there are files.
    """
    generator = np.random.default_rng(seed)
    classes = _files_by_class(dataset, label_lists(dataset))
    files = sum(len(one) for one in classes)
    if not 2 <= count <= files:
        raise InputError(f"{count} folds of {files} files: choose at least 2 folds, and no more than there are files.")
    names, dealt = [""] * len(dataset), 0
    for one in classes:
        generator.shuffle(one)
        for rows in one:
            # Dealt on from class to class, so that small classes do not all end in the first folds.
            for row in rows:
                names[row] = str(dealt % count + 1)
            dealt += 1
    bare = dataset.remove_columns("fold") if "fold" in dataset.column_names else dataset
    return bare.add_column("fold", names, feature=FEATURES["fold"])


def folds(dataset: Dataset) -> list[str]:
    """The names of a dataset's folds, numbers by size and before other names.

    Raises:
        InputError: the dataset has no folds.
    """
    if "fold" not in dataset.column_names:
        raise InputError("The data has no column fold: add one, or assign folds at random.")
    return sorted(set(dataset["fold"]), key=lambda fold: (0, int(fold), fold) if fold.isdecimal() else (1, 0, fold))


def join_folds(dataset: Dataset, count: int) -> Dataset:
    """Join neighbouring folds (in the order of `folds`) into `count` about equally many, named "1" to `count`.

    Raises:
        InputError: the dataset has no folds, or fewer than `count`.
    """
    names = folds(dataset)
    if not 2 <= count <= len(names):
        raise InputError(f"{count} folds of {len(names)}: choose at least 2, and no more than the data has.")
    joined = {name: str(place * count // len(names) + 1) for place, name in enumerate(names)}
    column = [joined[name] for name in dataset["fold"]]
    return dataset.remove_columns("fold").add_column("fold", column, feature=FEATURES["fold"])


def fold_split(dataset: Dataset, fold: str | int) -> tuple[Dataset, Dataset]:
    """Split into the other folds and one: `(train, test)`.

    Raises:
        InputError: there is no such fold, or only one.
    """
    names = folds(dataset)
    if str(fold) not in names or len(names) < 2:
        raise InputError(f"No fold {str(fold)!r} to hold out among the folds {', '.join(names)}: choose another.")
    column = dataset["fold"][:]
    train = [row for row, name in enumerate(column) if name != str(fold)]
    return dataset.select(train), dataset.select([row for row, name in enumerate(column) if name == str(fold)])


def _files_by_class(dataset: Dataset, labels: Sequence[Sequence[str]]) -> list[list[list[int]]]:
    """For every class, by name, its files, each as the rows of its segments."""
    # Embedded files are whole clips, and their names need not be unique.
    paths = dataset["path"][:] if "path" in dataset.column_names else range(len(dataset))
    files: dict[str | int, list[int]] = defaultdict(list)
    for row, path in enumerate(paths):
        files[path].append(row)
    counts = Counter(label for clip in labels for label in clip)
    classes: dict[str, list[list[int]]] = defaultdict(list)
    for rows in files.values():
        named = {label for row in rows for label in labels[row]}
        # Clips in which nothing is heard are a class of their own.
        rarest = min(named, key=lambda label: (counts[label], label), default="")
        classes[rarest].append(rows)
    return [classes[label] for label in sorted(classes)]


def _without_unseen(held_out: list[list[int]], labels: Sequence[Sequence[str]]) -> list[int]:
    """The rows of the held-out files, less the files with a label that only held-out ones have."""
    trained = Counter(label for clip in labels for label in clip)
    trained.subtract(label for rows in held_out for row in rows for label in labels[row])
    kept = []
    for rows in held_out:
        names = [label for row in rows for label in labels[row]]
        if any(trained[label] <= 0 for label in names):
            trained.update(names)
        else:
            kept += rows
    return kept
