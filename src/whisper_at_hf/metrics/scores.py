"""Macro figures over all labels. A label without positives is left out of them and counted, never taken for 0."""

import math
from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.metrics import average_precision_score, roc_auc_score

from ..errors import InputError
from .inputs import Thresholds, check_scores, decide, threshold_row


def mean_average_precision(scores: Any, targets: Any) -> float:
    """Macro mean of the average precisions, 0 to 1, over the labels with positives.

    Args:
        scores: `(clips, num_labels)`, higher where a label is more likely.
        targets: `(clips, num_labels)`, 0 or 1.

    Raises:
        InputError: unusable arrays, or no label with positives.
    """
    scores, targets = check_scores(scores, targets)
    scored = _labels_with_positives(targets)
    return float(average_precision_score(targets[:, scored], scores[:, scored], average="macro"))


def macro_auc(scores: Any, targets: Any) -> float:
    """Macro mean of the areas under the ROC curve, 0 to 1, over the labels with positives and negatives.

    Arguments as of `mean_average_precision`.

    Raises:
        InputError: unusable arrays, or no label with both.
    """
    scores, targets = check_scores(scores, targets)
    scored = _labels_with_both(targets)
    if not scored.any():
        raise InputError("targets have no label with both positives and negatives, which AUC needs; give more clips.")
    return float(roc_auc_score(targets[:, scored], scores[:, scored], average="macro"))


def d_prime(auc: float) -> float:
    """d' = sqrt(2) * the normal quantile of an AUC; 0 for guessing, infinite for an AUC of 1.

    Taken of the macro AUC, as in "CNN architectures for large-scale audio classification" (Hershey et al., ICASSP
    2017, https://arxiv.org/abs/1609.09430) and "Audio Set" (Gemmeke et al., ICASSP 2017).
    """
    return math.sqrt(2) * float(ndtri(auc))


def tagging_accuracy(scores: Any, targets: Any, thresholds: Thresholds = None, single_label: bool = False) -> float:
    """The share of clips decided rightly, 0 to 1.

    Multi-label: all labels of the clip are right at their thresholds (subset accuracy, as scikit-learn's
    `accuracy_score`). Single-label: the best label is the right one. Arguments as of `tagging_metrics`.

    Raises:
        InputError: unusable arrays or thresholds.
    """
    scores, targets = check_scores(scores, targets)
    decisions = decide(scores, targets, threshold_row(thresholds, scores.shape[1]), single_label)
    return float((targets == decisions).all(axis=1).mean())


def macro_f1(scores: Any, targets: Any, thresholds: Thresholds = None, single_label: bool = False) -> float:
    """Macro mean of the F1 scores, 0 to 1, over the labels with positives. Arguments as of `tagging_metrics`.

    Raises:
        InputError: unusable arrays or thresholds, or no label with positives.
    """
    scores, targets = check_scores(scores, targets)
    scored = _labels_with_positives(targets)
    decisions = decide(scores, targets, threshold_row(thresholds, scores.shape[1]), single_label)
    return float(f1_per_label(targets[:, scored], decisions[:, scored]).mean())


def f1_per_label(targets: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """F1 of boolean `(clips, num_labels)`, `(num_labels,)`; 0 for a label that is neither there nor found."""
    # scikit-learn takes a single column for a problem of two classes and gives two scores.
    right = (targets & decisions).sum(axis=0)
    return 2 * right / np.maximum(targets.sum(axis=0) + decisions.sum(axis=0), 1)


def tagging_metrics(
    scores: Any,
    targets: Any,
    thresholds: Thresholds = None,
    single_label: bool = False,
    labels: list[str] | None = None,
) -> dict[str, float | int]:
    """All figures at once.

    Args:
        scores: `(clips, num_labels)` probabilities.
        targets: `(clips, num_labels)`, 0 or 1.
        thresholds: the score from which a label counts as heard: one number, one a label, or a mapping by label
            name (which needs `labels`); 0.25 by default. Single-label decisions do not use it.
        single_label: every clip has exactly one label, and the best score decides.
        labels: the label names, in the order of the scores.

    Returns:
        `map`, `auc`, `d_prime`, `accuracy` (see `tagging_accuracy`), `f1`; `labels_scored` counts the labels with
        positives, `labels_without_positives` those left out of `map`, `auc` and `f1`, and
        `labels_without_negatives` those left out of `auc` alone. `auc` is missing if no label has both, and
        `d_prime` is missing then and where it would be infinite, so that every value is a finite number.

    Raises:
        InputError: unusable arrays or thresholds, or no label with positives.
    """
    scores, targets = check_scores(scores, targets)
    row = threshold_row(thresholds, scores.shape[1], labels)
    metrics: dict[str, float | int] = {"map": mean_average_precision(scores, targets)}
    if _labels_with_both(targets).any():
        metrics["auc"] = macro_auc(scores, targets)
        if 0 < metrics["auc"] < 1:
            metrics["d_prime"] = d_prime(metrics["auc"])
    return {
        **metrics,
        "accuracy": tagging_accuracy(scores, targets, row, single_label),
        "f1": macro_f1(scores, targets, row, single_label),
        "labels_scored": int(targets.any(axis=0).sum()),
        "labels_without_positives": int((~targets.any(axis=0)).sum()),
        "labels_without_negatives": int(targets.all(axis=0).sum()),
    }


def _labels_with_positives(targets: np.ndarray) -> np.ndarray:
    scored = targets.any(axis=0)
    if not scored.any():
        raise InputError("targets have no positives for any label, so nothing can be scored; check the labels.")
    return scored


def _labels_with_both(targets: np.ndarray) -> np.ndarray:
    return targets.any(axis=0) & ~targets.all(axis=0)
