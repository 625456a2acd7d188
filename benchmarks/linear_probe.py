"""Linear probes: logistic regression on the time-mean of cached features, the simplest peer of a head."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from whisper_at_hf.training.clips import Clips


def probe_accuracies(clips: Clips, folds: list[str]) -> dict[str, list[float]]:
    """Accuracy on each fold, trained on the others, of a probe of each layer and of all layers side by side.

    Args:
        clips: single-label, with a `fold` column.
        folds: names of the folds, in the order of the accuracies.

    Returns:
        `{"layer 1": [...], ..., "all layers": [...]}`.
    """
    means = clips.cache.batch(clips.positions).mean(axis=2, dtype=np.float32)
    inputs = {f"layer {layer + 1}": means[:, layer] for layer in range(means.shape[1])}
    inputs["all layers"] = means.reshape(len(means), -1)
    names = np.array(clips.rows["fold"][:])
    return {
        name: [_accuracy(features, clips.targets, names == fold) for fold in folds]
        for name, features in inputs.items()
    }


def best_probe(accuracies: dict[str, list[float]]) -> str:
    """Name of the probe with the highest mean accuracy."""
    return max(accuracies, key=lambda name: np.mean(accuracies[name]))


def _accuracy(features: np.ndarray, targets: np.ndarray, tested: np.ndarray) -> float:
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(features[~tested], targets[~tested])
    return float(probe.score(features[tested], targets[tested]))
