"""Checks of the parts of the data together, before hours are spent on encoding them."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from datasets import Dataset

from ..errors import InputError
from .label_sets import check_known
from .schema import audio_source, clip_names, count, first_few, label_lists


def check_splits(
    train: Dataset,
    validation: Dataset | None,
    labels: Sequence[str],
    train_keys: Sequence[str | None] | None = None,
    validation_keys: Sequence[str | None] | None = None,
    allow_empty: bool = False,
    held_out: str = "validation data",
    taught: bool = False,
) -> list[str]:
    """Check that a head can learn the labels from the training data, and that the validation data tests that.

    Args:
        train, validation: datasets of any of our loaders.
        labels: the label set.
        train_keys, validation_keys: keys of the clips' content, None for a clip that could not be read. Without
            both, clips are the same if file (or embedded bytes), start and end are.
        held_out: what messages call the validation data.
        allow_empty: take labels without any clip, as when a head grows or knows AudioSet's 527.
        taught: take labels in the held-out data that no training clip has: a teacher knows them in all clips.

    Returns:
        warnings, one sentence each, about what the run can go on with.

    Raises:
        InputError: labels outside of the label set, without training clips, or clips in both datasets.
    """
    check_known(train, labels, "training data")
    trained = label_counts(train)
    warnings = []
    if validation is not None:
        check_known(validation, labels, held_out)
        warnings += _check_validation(trained, label_counts(validation), labels, held_out, taught)
    if empty := [label for label in labels if not trained[label]]:
        problem = f"No training clips for {count(len(empty), 'label')}: {first_few(empty)}"
        if not allow_empty:
            raise InputError(f"{problem}: add clips, or remove them from the label set.")
        warnings.append(f"{problem}.")
    if validation is not None:
        check_duplicates(train, validation, train_keys, validation_keys, "training data", held_out)
    return warnings


def label_counts(dataset: Dataset) -> Counter[str]:
    """How many clips have each label."""
    return Counter(label for clip in label_lists(dataset) for label in clip)


def _check_validation(
    trained: Counter[str], validated: Counter[str], labels: Sequence[str], held_out: str, taught: bool
) -> list[str]:
    unseen = [label for label in labels if validated[label] and not trained[label]]
    if unseen and not taught:
        raise InputError(
            f"Labels in the {held_out} only: {first_few(unseen)}: move clips of them to the training data."
        )
    untested = [label for label in labels if trained[label] and not validated[label]]
    return (
        [f"No {held_out.removesuffix(' data')} clips for {count(len(untested), 'label')}: {first_few(untested)}."]
        if untested
        else []
    )


def check_duplicates(
    one: Dataset,
    other: Dataset,
    one_keys: Sequence[str | None] | None,
    other_keys: Sequence[str | None] | None,
    one_name: str,
    other_name: str,
) -> None:
    """Check that no clip is in both of two parts of the data, which messages call by these names.

    Arguments as of `check_splits`. Raises InputError that names the first such clips.
    """
    if one_keys is None or other_keys is None:
        one_keys, other_keys = _identities(one), _identities(other)
    seen = set(one_keys) - {None}
    if rows := [row for row, key in enumerate(other_keys) if key in seen]:
        names = clip_names(other)
        raise InputError(
            f"{count(len(rows), 'clip')} of the {other_name} also in the {one_name} "
            f"({first_few([names[row] for row in rows])}): remove them from one of the two."
        )


def _identities(dataset: Dataset) -> Iterator[tuple]:
    for row in dataset.remove_columns("labels"):
        source = audio_source(row)
        # Embedded files of different datasets may share a name.
        content = hashlib.blake2b(source, digest_size=16).digest() if isinstance(source, bytes) else source
        yield content, row.get("start"), row.get("end")
