"""Every figure against scikit-learn, and what is left out is counted."""

import json
import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, roc_auc_score

from whisper_at_hf.errors import InputError
from whisper_at_hf.metrics import (
    d_prime,
    macro_auc,
    macro_f1,
    mean_average_precision,
    tagging_accuracy,
    tagging_metrics,
    threshold_row,
)

EXACT = {"rel": 0, "abs": 1e-9}


def random_clips(clips: int = 60, labels: int = 7, decimals: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores that know something, and targets with positives and negatives of every label."""
    generator = np.random.default_rng(seed)
    targets = (generator.random((clips, labels)) < 0.3).astype(int)
    targets[0], targets[1] = 0, 1
    scores = 1 / (1 + np.exp(-generator.normal(size=targets.shape) - targets))
    return scores.round(decimals), targets


@pytest.mark.parametrize("decimals", [16, 1], ids=["distinct", "ties"])
@pytest.mark.parametrize("labels", [1, 2, 7])
def test_equal_to_scikit_learn(decimals, labels):
    scores, targets = random_clips(labels=labels, decimals=decimals)
    thresholds = np.linspace(0.3, 0.7, labels)
    columns = range(labels)
    auc = np.mean([roc_auc_score(targets[:, i], scores[:, i]) for i in columns])
    assert tagging_metrics(scores, targets, thresholds) == {
        "map": pytest.approx(
            np.mean([average_precision_score(targets[:, i], scores[:, i]) for i in columns]), **EXACT
        ),
        "auc": pytest.approx(auc, **EXACT),
        "d_prime": pytest.approx(math.sqrt(2) * norm.ppf(auc), **EXACT),
        "accuracy": pytest.approx(accuracy_score(targets, scores >= thresholds), **EXACT),
        "f1": pytest.approx(
            np.mean([f1_score(targets[:, i], scores[:, i] >= thresholds[i]) for i in columns]), **EXACT
        ),
        "labels_scored": labels,
        "labels_without_positives": 0,
        "labels_without_negatives": 0,
    }


def test_single_label_decides_by_the_best_score():
    generator = np.random.default_rng(1)
    classes = np.concatenate([np.arange(5), generator.integers(0, 5, 45)])
    scores = generator.dirichlet(np.ones(5), 50) + 0.5 * np.eye(5)[classes] * generator.random((50, 1))
    metrics = tagging_metrics(scores, np.eye(5)[classes], thresholds=0.99, single_label=True)
    assert metrics["accuracy"] == pytest.approx(accuracy_score(classes, scores.argmax(axis=1)), **EXACT)
    assert metrics["f1"] == pytest.approx(f1_score(classes, scores.argmax(axis=1), average="macro"), **EXACT)
    assert metrics["map"] == pytest.approx(average_precision_score(np.eye(5)[classes], scores), **EXACT)


def test_labels_without_positives_or_negatives_are_left_out_and_counted():
    scores, targets = random_clips()
    targets[:, 2], targets[:, 5] = 0, 1
    metrics = tagging_metrics(scores, targets, 0.5)
    positive, both = [0, 1, 3, 4, 5, 6], [0, 1, 3, 4, 6]
    assert (metrics["labels_scored"], metrics["labels_without_positives"]) == (6, 1)
    assert metrics["labels_without_negatives"] == 1
    assert metrics["map"] == pytest.approx(average_precision_score(targets[:, positive], scores[:, positive]), **EXACT)
    assert metrics["auc"] == pytest.approx(roc_auc_score(targets[:, both], scores[:, both]), **EXACT)
    f1 = f1_score(targets[:, positive], scores[:, positive] >= 0.5, average="macro")
    assert metrics["f1"] == pytest.approx(f1, **EXACT)


@pytest.mark.parametrize("left", [[3], [3, 4]])
def test_few_labels_may_be_left(left):
    scores, targets = random_clips()
    targets[:, [label for label in range(7) if label not in left]] = 0
    expected = np.mean([average_precision_score(targets[:, label], scores[:, label]) for label in left])
    assert mean_average_precision(scores, targets) == pytest.approx(expected, **EXACT)
    expected = np.mean([roc_auc_score(targets[:, label], scores[:, label]) for label in left])
    assert macro_auc(scores, targets) == pytest.approx(expected, **EXACT)


@pytest.mark.parametrize("target", [[1], [1, 0, 0], [1, 1, 0]])
def test_one_clip(target):
    metrics = tagging_metrics(np.full((1, len(target)), 0.7), [target], 0.5)
    assert metrics["map"] == metrics["f1"] == 1
    assert metrics["accuracy"] == float(all(target))
    assert metrics["labels_without_positives"] == target.count(0)
    assert "auc" not in metrics and "d_prime" not in metrics


def test_a_perfect_head_has_only_finite_figures():
    _, targets = random_clips()
    metrics = tagging_metrics(targets.astype(float), targets)
    assert metrics["auc"] == 1 and "d_prime" not in metrics
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_d_prime_of_known_areas():
    assert d_prime(0.5) == 0
    assert d_prime(1.0) == math.inf
    # AudioSet's paper reports 0.959 and 2.452 for its baseline: https://research.google/pubs/pub45857
    assert d_prime(0.959) == pytest.approx(2.452, abs=0.012)


def test_thresholds_by_name_row_number_and_default():
    labels = ["a", "b", "c"]
    assert threshold_row({"b": 0.5}, labels=labels).tolist() == [0.25, 0.5, 0.25]
    assert threshold_row([0.1, 0.2, 0.3], 3).tolist() == [0.1, 0.2, 0.3]
    assert threshold_row(0.4, 3).tolist() == [0.4, 0.4, 0.4]
    assert threshold_row(None, 3).tolist() == [0.25, 0.25, 0.25]
    scores, targets = random_clips(labels=3)
    named = tagging_metrics(scores, targets, {"b": 0.5}, labels=labels)
    assert named == tagging_metrics(scores, targets, [0.25, 0.5, 0.25])


def test_a_score_on_its_threshold_counts_as_heard():
    assert tagging_accuracy([[0.5, 0.4]], [[1, 0]], 0.5) == 1


@pytest.mark.parametrize(
    ("scores", "targets", "said"),
    [
        ([[0.1, np.nan]], [[0, 1]], r"nan \(clip 0, label 1\)"),
        ([[0.1], [np.inf]], [[0], [1]], r"inf \(clip 1, label 0\)"),
        ([[0.1, 0.2]], [[0, 1], [1, 0]], r"\(1, 2\) and targets \(2, 2\)"),
        ([[0.1, 0.2]], [[0, 0.5]], "hold 0.5"),
        ([[0.1, 0.2]], [[0, 2]], "only 0 and 1"),
        ([[0.1, 0.2]], [[0, np.nan]], "only 0 and 1"),
        ([0.1, 0.2], [0, 1], r"scores have the shape \(2,\)"),
        ([[0.1, 0.2]], 1, r"targets have the shape \(\)"),
        ([[0.1, 0.2], [0.3]], [[0, 1], [1, 0]], "scores are no table"),
        ([["x"]], [[1]], "scores are no table"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "empty"),
        ([[0.1, 0.2]], [[0, 0]], "no positives for any label"),
    ],
)
@pytest.mark.parametrize("metric", [tagging_metrics, mean_average_precision, macro_f1])
def test_unusable_arrays_are_named(metric, scores, targets, said):
    with pytest.raises(InputError, match=said):
        metric(scores, targets)


def test_auc_needs_positives_and_negatives():
    with pytest.raises(InputError, match="both positives and negatives"):
        macro_auc([[0.2, 0.3], [0.1, 0.4]], [[1, 0], [1, 0]])


def test_single_label_targets_hold_one_label_a_clip():
    with pytest.raises(InputError, match="clip 1 2 labels"):
        tagging_metrics([[0.1, 0.9], [0.2, 0.8]], [[0, 1], [1, 1]], single_label=True)


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ([0.1, 0.2], "each of the 3 labels"),
        (math.nan, "finite"),
        ("high", "finite"),
        ({"a": 0.5}, "need labels="),
    ],
)
def test_unusable_thresholds_are_named(thresholds, said):
    with pytest.raises(InputError, match=said):
        tagging_metrics(*random_clips(labels=3), thresholds)


def test_thresholds_of_other_labels_are_named():
    with pytest.raises(InputError, match="not among labels: d"):
        threshold_row({"a": 0.1, "d": 0.5}, labels=["a", "b"])
