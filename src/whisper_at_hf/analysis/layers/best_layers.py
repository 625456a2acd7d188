"""The layer that knows each class best."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

TIE_RULE = (
    "of layers with the same F1 the one that is right on more clips of all classes is taken, then the one nearer to "
    "the input"
)


def best_layers(predictions: Sequence[np.ndarray], targets: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Score every layer on every class, each against the rest, and name the best one.

    Args:
        predictions: of each layer, `(clips,)`, the class that its probe gave to each clip out of fold.
        targets: `(clips,)`, index of the true class.
        labels: the classes' names by index.

    Returns:
        a row per class, in the order of `labels`: `{"label", "clips", "best_layer", "f1", "recall", "precision",
        "tied_layers", "f1_by_layer", "recall_by_layer", "precision_by_layer"}`. Layers count from 1; `f1`, `recall`
        and `precision` are the best layer's; `tied_layers` are all that have its F1. For ties see `TIE_RULE`.
    """
    scores = [
        precision_recall_fscore_support(targets, given, labels=range(len(labels)), average=None, zero_division=0)
        for given in predictions
    ]
    precision, recall, f1 = (np.array([layer[kind] for layer in scores]) for kind in range(3))  # (layers, classes)
    accuracy = [accuracy_score(targets, given) for given in predictions]
    rows = []
    for index, label in enumerate(labels):
        tied = [layer for layer, value in enumerate(f1[:, index]) if np.isclose(value, f1[:, index].max())]
        best = max(tied, key=lambda layer: (accuracy[layer], -layer))
        rows.append(
            {
                "label": label,
                "clips": int((targets == index).sum()),
                "best_layer": best + 1,
                "f1": float(f1[best, index]),
                "recall": float(recall[best, index]),
                "precision": float(precision[best, index]),
                "tied_layers": [layer + 1 for layer in tied],
                "f1_by_layer": f1[:, index].tolist(),
                "recall_by_layer": recall[:, index].tolist(),
                "precision_by_layer": precision[:, index].tolist(),
            }
        )
    return rows
