"""Per label, the score from which it should count as heard."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .inputs import check_label_names, check_scores

# Even steps in log-odds from 0.001 to 0.999: the scores of rare labels are small and need a finer grid than 0.5 does.
THRESHOLD_GRID = np.round(1 / (1 + np.exp(-np.linspace(-6.9, 6.9, 139))), 4)
# Grid points averaged, 0.7 in log-odds (0.42 to 0.58 around 0.5).
SMOOTHING = 7


def fit_thresholds(scores: Any, targets: Any, labels: Sequence[str]) -> dict[str, float]:
    """Per label the threshold of the best F1, averaged over neighbours since single maxima are chance.

    Of equally good thresholds it is the one in the middle, as far as possible from being wrong on either side.

    Args:
        scores: `(clips, num_labels)` probabilities of clips that were not trained on.
        targets: `(clips, num_labels)`, 0 or 1.
        labels: the label names.

    Returns:
        `{label: threshold}` between 0.001 and 0.999, without the labels that have no positives or that no threshold
        finds; these keep the default.

    Raises:
        InputError: unusable arrays or labels.
    """
    scores, targets = check_scores(scores, targets)
    thresholds = {}
    for index, label in enumerate(check_label_names(labels, scores.shape[1])):
        curve = _smoothed(_f1_curve(scores[:, index], targets[:, index]))
        if curve.max() > 0:
            best = np.flatnonzero(curve >= curve.max() - 1e-9)
            thresholds[label] = float(THRESHOLD_GRID[best[len(best) // 2]])
    return thresholds


def _f1_curve(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """F1 at every threshold of the grid, of scores and boolean targets `(clips,)`."""
    size = len(THRESHOLD_GRID)
    # A clip is found by the first `passed` thresholds; counting from the back gives how many clips each one finds.
    passed = np.searchsorted(THRESHOLD_GRID, scores, side="right")
    found = np.bincount(passed, minlength=size + 1)[::-1].cumsum()[::-1][1:]
    right = np.bincount(passed[targets], minlength=size + 1)[::-1].cumsum()[::-1][1:]
    return 2 * right / np.maximum(found + targets.sum(), 1)


def _smoothed(curve: np.ndarray) -> np.ndarray:
    padded = np.pad(curve, SMOOTHING // 2, mode="edge")
    return np.convolve(padded, np.full(SMOOTHING, 1 / SMOOTHING), mode="valid")
