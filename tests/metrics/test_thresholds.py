"""Fitted thresholds against trying each one with scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from whisper_at_hf.errors import InputError
from whisper_at_hf.metrics import fit_thresholds, macro_f1
from whisper_at_hf.metrics.thresholds import THRESHOLD_GRID


def overlapping_clips(clips: int = 300, labels: int = 6) -> tuple[np.ndarray, np.ndarray, list[str]]:
    generator = np.random.default_rng(0)
    targets = generator.random((clips, labels)) < np.linspace(0.05, 0.5, labels)
    logits = generator.normal(size=targets.shape) + 2 * targets - np.linspace(4, 0, labels)
    return 1 / (1 + np.exp(-logits)), targets.astype(int), [f"label {index}" for index in range(labels)]


def best_by_trying(scores: np.ndarray, targets: np.ndarray) -> list[float]:
    """The grid's thresholds whose F1, averaged with three neighbours on either side, is best."""
    f1 = [f1_score(targets, scores >= limit, zero_division=0) for limit in THRESHOLD_GRID]
    last = len(f1) - 1
    smooth = [np.mean([f1[min(max(at + step, 0), last)] for step in range(-3, 4)]) for at in range(len(f1))]
    return [limit for limit, value in zip(THRESHOLD_GRID, smooth, strict=True) if value > max(smooth) - 1e-9]


@pytest.mark.long
@pytest.mark.parametrize("on_grid", [False, True])
def test_equal_to_trying_every_threshold(on_grid):
    scores, targets, labels = overlapping_clips()
    if on_grid:
        scores = THRESHOLD_GRID[np.searchsorted(THRESHOLD_GRID[:-1], scores)]
    fitted = fit_thresholds(scores, targets, labels)
    for index, label in enumerate(labels):
        best = best_by_trying(scores[:, index], targets[:, index])
        assert fitted[label] == best[len(best) // 2]


def test_better_than_the_default_on_clips_not_fitted_on():
    scores, targets, labels = overlapping_clips(clips=3000)
    fitted = fit_thresholds(scores[:1500], targets[:1500], labels)
    limits = [fitted[label] for label in labels]
    assert macro_f1(scores[1500:], targets[1500:], limits) > macro_f1(scores[1500:], targets[1500:]) + 0.02


def test_a_gap_is_cut_in_its_middle():
    fitted = fit_thresholds([[0.1], [0.2], [0.8], [0.9]], [[0], [0], [1], [1]], ["Dog"])
    assert fitted == {"Dog": pytest.approx(0.5, abs=0.03)}


def test_one_lucky_maximum_does_not_win():
    # At 0.3 most are found over a wide range; exactly at 0.9 a single threshold happens to be slightly better.
    low, high = 0.1, 0.5
    scores = np.array([high] * 10 + [low] * 10 + [0.9] * 10)[:, None]
    targets = np.array([1] * 8 + [0] * 2 + [0] * 10 + [1] * 10)[:, None]
    assert low < fit_thresholds(scores, targets, ["Dog"])["Dog"] <= high


def test_labels_without_positives_or_never_found_are_left_out():
    scores = [[0.9, 0.9, 0.0001], [0.1, 0.1, 0.0001]]
    assert list(fit_thresholds(scores, [[1, 0, 1], [0, 0, 0]], ["a", "b", "c"])) == ["a"]


def test_values_go_into_a_configuration():
    from whisper_at_hf import TLTRConfig

    scores, targets, labels = overlapping_clips()
    fitted = fit_thresholds(scores, targets, labels)
    config = TLTRConfig(id2label=dict(enumerate(labels)), thresholds=fitted)
    assert TLTRConfig.from_dict(config.to_dict()).thresholds == fitted
    assert all(type(value) is float and 0 < value < 1 for value in fitted.values())


def test_unusable_arrays_are_named():
    with pytest.raises(InputError, match="nan"):
        fit_thresholds([[np.nan]], [[1]], ["a"])
    with pytest.raises(InputError, match="1 names for scores of 2"):
        fit_thresholds([[0.1, 0.2]], [[1, 0]], ["a"])
