"""Checks of the training and validation data together, before hours are spent on them."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from datasets import Dataset

from ...errors import InputError
from .label_sets import check_known
from .schema import audio_source, clip_names, count, first_few, label_lists


def check_splits(
    train: Dataset,
    validation: Dataset | None,
    labels: Sequence[str],
    train_keys: Sequence[str | None] | None = None,
    validation_keys: Sequence[str | None] | None = None,
    allow_empty: bool = False,
) -> list[str]:
    """Check that a head can learn the labels from the training data, and that the validation data tests that.

    Args:
        train, validation: datasets of any of our loaders.
        labels: the label set.
        train_keys, validation_keys: keys of the clips' content, None for a clip that could not be read. Without
            both, clips are the same if file (or embedded bytes), start and end are.
        allow_empty: take labels without any clip, as when a head grows or knows AudioSet's 527.

    Returns:
        warnings, one sentence each, about what the run can go on with.

    Raises:
        InputError: labels outside of the label set, without training clips, or clips in both datasets.
    """
    check_known(train, labels, "training data")
    trained = _label_counts(train)
    warnings = []
    if validation is not None:
        check_known(validation, labels, "validation data")
        warnings += _check_validation(trained, _label_counts(validation), labels)
    if empty := [label for label in labels if not trained[label]]:
        problem = f"No training clips for {count(len(empty), 'label')}: {first_few(empty)}"
        if not allow_empty:
            raise InputError(f"{problem}: add clips, or remove them from the label set.")
        warnings.append(f"{problem}.")
    if validation is not None:
        _check_duplicates(train, validation, train_keys, validation_keys)
    return warnings


def _label_counts(dataset: Dataset) -> Counter[str]:
    return Counter(label for clip in label_lists(dataset) for label in clip)


def _check_validation(trained: Counter[str], validated: Counter[str], labels: Sequence[str]) -> list[str]:
    if unseen := [label for label in labels if validated[label] and not trained[label]]:
        raise InputError(
            f"Labels in the validation data only: {first_few(unseen)}: move clips of them to the training data."
        )
    untested = [label for label in labels if trained[label] and not validated[label]]
    return [f"No validation clips for {count(len(untested), 'label')}: {first_few(untested)}."] if untested else []


def _check_duplicates(
    train: Dataset,
    validation: Dataset,
    train_keys: Sequence[str | None] | None,
    validation_keys: Sequence[str | None] | None,
) -> None:
    if train_keys is None or validation_keys is None:
        train_keys, validation_keys = _identities(train), _identities(validation)
    seen = set(train_keys) - {None}
    if rows := [row for row, key in enumerate(validation_keys) if key in seen]:
        names = clip_names(validation)
        raise InputError(
            f"{count(len(rows), 'clip')} of the validation data also in the training data "
            f"({first_few([names[row] for row in rows])}): remove them from one of the two."
        )


def _identities(dataset: Dataset) -> Iterator[tuple]:
    for row in dataset.remove_columns("labels"):
        source = audio_source(row)
        # Embedded files of different datasets may share a name.
        content = hashlib.blake2b(source, digest_size=16).digest() if isinstance(source, bytes) else source
        yield content, row.get("start"), row.get("end")
