"""Probes are scikit-learn's classifier on standardised features, each clip tested out of fold."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from whisper_at_hf.analysis.layers.probes import (
    DEFAULT_PENALTY,
    PENALTIES,
    best_probe,
    choose_penalty,
    probe_inputs,
    probe_layers,
)
from whisper_at_hf.errors import InputError

FOLDS = ["1", "2", "3"]


def states(width: int, clips: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means `(clips, 2, width)` with classes that overlap, targets and folds."""
    rng = np.random.default_rng(seed)
    targets = np.arange(clips) % 3
    centres = rng.normal(0, 1, (3, 2, width)) * np.array([0.4, 0.8])[:, None] * np.sqrt(5 / width)
    means = (centres[targets] + rng.normal(0, 1, (clips, 2, width))) * rng.uniform(0.1, 9, width)
    return means.astype(np.float32), targets, np.array(FOLDS)[(np.arange(clips) // 3) % 3]


@pytest.mark.long
@pytest.mark.parametrize("width", [5, 40])
def test_predictions_are_scikit_learns(width):
    means, targets, folds = states(width)
    probes = probe_layers(means, targets, folds, FOLDS)
    inputs = {
        "layer 1": means[:, 0],
        "layer 2": means[:, 1],
        "mean of layers": (means[:, 0] + means[:, 1]) / 2,
        "all layers": np.concatenate([means[:, 0], means[:, 1]], axis=1),  # of width 80: more than 60 clips
    }
    assert list(probes) == list(inputs)
    for name, features in inputs.items():
        expected = np.empty_like(targets)
        for fold in FOLDS:
            train, inner = features[folds != fold].astype(float), PredefinedSplit(folds[folds != fold].astype(int))
            plain = LogisticRegression(max_iter=10_000, tol=1e-8)
            search = GridSearchCV(plain, {"C": PENALTIES}, scoring="neg_log_loss", cv=inner)
            peer = make_pipeline(StandardScaler(), search).fit(train, targets[folds != fold])
            expected[folds == fold] = peer.predict(features[folds == fold].astype(float))
        assert probes[name].predictions.tolist() == expected.tolist(), name
        accuracies = [(expected == targets)[folds == fold].mean() for fold in FOLDS]
        assert probes[name].accuracies == pytest.approx(accuracies)
        assert probes[name].mean == pytest.approx(np.mean(accuracies))
        assert probes[name].std == pytest.approx(np.std(accuracies, ddof=1))
    assert 0.4 < probes["layer 1"].mean < 1  # neither chance nor too easy


def test_accuracies_follow_the_folds_order():
    means, targets, folds = states(8)
    forward, backward = (probe_layers(means, targets, folds, order)["layer 1"] for order in (FOLDS, FOLDS[::-1]))
    assert forward.accuracies == backward.accuracies[::-1]
    assert len(set(forward.accuracies)) > 1


def test_a_probe_never_sees_the_clips_it_is_tested_on():
    means, targets, folds = states(60)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=means.shape)
    assert probe_layers(noise, targets, folds, FOLDS)["all layers"].mean < 0.5  # it could learn them by heart


def test_a_step_for_every_probe_and_no_warnings():
    means, targets, folds = states(4, clips=30)
    means[:, :, 0] = 1  # does not vary
    steps = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe_layers(means, targets, folds, FOLDS, lambda: steps.append(1))
    assert len(steps) == len(probe_inputs(means)) == 4


@pytest.mark.parametrize(("folds", "named"), [(["1", "2", "9"], "'9'"), (["1"], "'1'")])
def test_unusable_folds(folds, named):
    means, targets, clip_folds = states(4)
    if folds == ["1"]:
        targets = np.where(clip_folds == "1", targets, 0)
    with pytest.raises(InputError, match=f"Fold {named} cannot be tested"):
        probe_layers(means, targets, clip_folds, folds)


def test_the_penalty_follows_how_much_there_is_to_learn():
    """Classes that lie far apart want a weak penalty, pure noise wants a strong one."""
    rng = np.random.default_rng(0)
    targets, folds = np.arange(90) % 3, np.array(FOLDS)[(np.arange(90) // 3) % 3]
    noise = rng.normal(size=(90, 20))
    far_apart = noise[:, :3] * 0.1 + np.eye(3)[targets]
    assert choose_penalty(noise, targets, folds) == PENALTIES[0]
    assert choose_penalty(far_apart, targets, folds) == PENALTIES[-1]


def test_a_fold_with_all_clips_of_a_class_is_not_left_out():
    features, targets = np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 2
    assert choose_penalty(features, targets, np.where(targets == 0, "a", "b")) == DEFAULT_PENALTY
    assert choose_penalty(features, targets, np.full(40, "a")) == DEFAULT_PENALTY


def test_the_best_probe_is_the_first_of_the_highest():
    assert best_probe({"a": [0.1, 0.5], "b": [0.4, 0.4], "c": [0.3, 0.5]}) == "b"
