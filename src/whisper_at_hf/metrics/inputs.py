"""What every metric asks of its arguments, checked in one place."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..model.tagging import DEFAULT_THRESHOLD

Thresholds = float | Sequence[float] | np.ndarray | Mapping[str, float] | None


def check_scores(scores: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    """`scores` as float64 and `targets` as booleans, both `(clips, num_labels)`.

    Raises:
        InputError: they are no tables of numbers, differ in shape or are empty, a score is NaN or infinite, or a
            target is neither 0 nor 1.
    """
    scores, targets = _table("scores", scores), _table("targets", targets)
    if scores.shape != targets.shape:
        raise InputError(
            f"scores are {scores.shape} and targets {targets.shape}; give both as (clips, labels) of the same clips."
        )
    if not scores.size:
        raise InputError(f"scores are empty, {scores.shape}; give at least one clip and one label.")
    if not np.isfinite(scores).all():
        clip, label = np.argwhere(~np.isfinite(scores))[0]
        raise InputError(f"scores hold {scores[clip, label]} (clip {clip}, label {label}); give finite numbers.")
    if not np.isin(targets, (0, 1)).all():
        clip, label = np.argwhere(~np.isin(targets, (0, 1)))[0]
        raise InputError(f"targets hold {targets[clip, label]:g} (clip {clip}, label {label}); give only 0 and 1.")
    return scores, targets == 1


def _table(name: str, values: Any) -> np.ndarray:
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} are no table of numbers; give an array of (clips, labels).") from None
    if table.ndim != 2:
        raise InputError(f"{name} have the shape {table.shape}; give an array of (clips, labels).")
    return table


def check_label_names(labels: Sequence[str], num_labels: int) -> list[str]:
    """`labels` as a list. Raises InputError unless there is one name a label, each once."""
    labels = list(labels)
    if len(labels) != num_labels:
        raise InputError(f"labels are {len(labels)} names for scores of {num_labels} labels; give one name a label.")
    if len(set(labels)) < num_labels:
        raise InputError("labels name a label twice; give every label a name of its own.")
    return labels


def threshold_row(
    thresholds: Thresholds, num_labels: int | None = None, labels: Sequence[str] | None = None
) -> np.ndarray:
    """The score from which each label counts as heard, `(num_labels,)`, float64.

    Args:
        thresholds: a number for all labels, one number per label, or a mapping by label name; labels that a mapping
            leaves out, and all labels if None, get the default of tagging, 0.25.
        num_labels: how many labels there are; those of `labels` if None.
        labels: the label names, needed for a mapping.

    Raises:
        InputError: not one finite threshold a label, or a mapping that names other labels.
    """
    num_labels = len(labels) if num_labels is None else num_labels
    if thresholds is None:
        return np.full(num_labels, DEFAULT_THRESHOLD)
    if isinstance(thresholds, Mapping):
        if labels is None:
            raise InputError("thresholds by label name need labels=, the names in the order of the scores.")
        unknown = [label for label in thresholds if label not in set(labels)]
        if unknown:
            raise InputError(f"thresholds name labels that are not among labels: {', '.join(map(str, unknown))}.")
        thresholds = [thresholds.get(label, DEFAULT_THRESHOLD) for label in labels]
    try:
        row = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), (num_labels,))
    except (TypeError, ValueError):
        row = np.full(num_labels, np.nan)
    if not np.isfinite(row).all():
        raise InputError(f"thresholds must be one finite number, or one for each of the {num_labels} labels.")
    return row


def decide(scores: np.ndarray, targets: np.ndarray, thresholds: np.ndarray, single_label: bool) -> np.ndarray:
    """Which labels count as heard, booleans `(clips, num_labels)`: the best one, or those from their threshold on.

    Raises:
        InputError: `single_label`, and a row of `targets` does not hold exactly one label.
    """
    if not single_label:
        return scores >= thresholds
    heard = targets.sum(axis=1)
    if (heard != 1).any():
        clip = int(np.flatnonzero(heard != 1)[0])
        raise InputError(f"targets give clip {clip} {heard[clip]} labels; single_label=True needs exactly one a clip.")
    return np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
