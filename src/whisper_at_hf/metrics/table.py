"""The scores of every label on its own."""

from collections.abc import Sequence
from typing import Any

from sklearn.metrics import average_precision_score, roc_auc_score

from .inputs import Thresholds, check_label_names, check_scores, decide, threshold_row
from .scores import f1_per_label


def label_table(
    scores: Any, targets: Any, labels: Sequence[str], thresholds: Thresholds = None, single_label: bool = False
) -> list[dict[str, Any]]:
    """One row a label, in the order of `labels`.

    Args:
        scores: `(clips, num_labels)` probabilities.
        targets: `(clips, num_labels)`, 0 or 1.
        labels: the label names.
        thresholds, single_label: as of `tagging_metrics`.

    Returns:
        Rows of `label`, `positives` (clips), `average_precision`, `auc`, `precision`, `recall`, `f1` and `threshold`.
        None stands where a value is not defined: scores of a label without positives, `auc` without negatives,
        `precision` of a label that was never given, `threshold` of single-label decisions.

    Raises:
        InputError: unusable arrays, labels or thresholds.
    """
    scores, targets = check_scores(scores, targets)
    labels = check_label_names(labels, scores.shape[1])
    limits = threshold_row(thresholds, labels=labels)
    decisions = decide(scores, targets, limits, single_label)
    f1 = f1_per_label(targets, decisions)
    rows = []
    for index, label in enumerate(labels):
        given, score, found = targets[:, index], scores[:, index], decisions[:, index]
        has_positives = bool(given.any())
        rows.append(
            {
                "label": label,
                "positives": int(given.sum()),
                "average_precision": float(average_precision_score(given, score)) if has_positives else None,
                "auc": float(roc_auc_score(given, score)) if has_positives and not given.all() else None,
                "precision": float(given[found].mean()) if found.any() else None,
                "recall": float(found[given].mean()) if has_positives else None,
                "f1": float(f1[index]) if has_positives else None,
                "threshold": None if single_label else float(limits[index]),
            }
        )
    return rows
