"""A broad head's scores become probabilities that mean the same for every label, and few of them are false alarms."""

import numpy as np
import pytest
import torch
from broad_head.calibration import HIGHEST, LOWEST, fold, platt, restrict, thresholds
from scipy.special import expit, logit

from tests.helpers.tiny import head_config
from whisper_at_hf import TLTRForAudioClassification

WINDOWS = 4000


@pytest.fixture(scope="module")
def drawn():
    """Log-odds that are right, whether the label is there, and what a head would make of them."""
    rng = np.random.default_rng(0)
    right = rng.normal([-1, -3, 0], [2, 3, 1], (WINDOWS, 3))
    truth = rng.random(right.shape) < expit(right)
    said = right * [0.5, 2, 1] + [-3, 1, 0]
    return right, truth, said


def test_scores_become_probabilities(drawn):
    right, truth, said = drawn
    scale, shift = platt(said, truth, np.zeros_like(truth))
    assert np.abs(expit(said * scale + shift) - expit(right)).mean(axis=0).max() < 0.03


def test_a_label_that_nothing_tests_gets_what_is_typical(drawn):
    _, truth, said = drawn
    truth = truth.copy()
    truth[:, 1] = False
    scale, shift = platt(said, truth, np.zeros_like(truth))
    assert np.isfinite([scale, shift]).all() and scale[1] == pytest.approx(np.median(scale[[0, 2]]))
    assert (said[:, 1] * scale[1] + shift[1] > 0).mean() < 0.05


def test_what_is_unsure_does_not_count(drawn):
    _, truth, said = drawn
    unsure = np.random.default_rng(1).random(truth.shape) < 0.3
    muddled = truth.copy()
    scale, shift = platt(said, truth, unsure)
    muddled_said = said.copy()
    muddled_said[unsure & ~truth] = 50
    np.testing.assert_allclose(platt(muddled_said, muddled, unsure), [scale, shift], rtol=1e-5)


def test_thresholds_are_where_false_alarms_are_rare():
    """By hand: a hundred and one windows without the label, of which the best four have 0.375, 0.345, 0.33 and 0.2."""
    wrong = np.array([0.375, 0.345, 0.33, 0.2, *[0.01] * 97])
    scores = np.concatenate([wrong, [0.9] * 10])
    truth = np.arange(len(scores)) >= len(wrong)
    columns = np.stack([scores, scores / 2, np.maximum(scores, 0.7)], axis=1)  # found too often; never; everywhere
    speech = np.full((100, 3), -np.inf)
    limits = thresholds(logit(columns), np.stack([truth] * 3, axis=1), np.zeros(columns.shape, bool), speech)
    assert limits == pytest.approx([0.35, LOWEST, HIGHEST])
    speech[:, 1] = logit(0.8)  # what speech alone is called counts from higher on
    limits = thresholds(logit(columns), np.stack([truth] * 3, axis=1), np.zeros(columns.shape, bool), speech)
    assert limits == pytest.approx([0.35, 0.82, HIGHEST])


def test_a_calibration_is_folded_into_the_head(tmp_path):
    head = TLTRForAudioClassification(head_config(id2label={0: "a", 1: "b", 2: "c"})).eval()
    states = torch.randn(4, head.config.encoder_layers, 5, head.config.d_model)
    before = head(states).logits.detach().numpy()
    scale, shift = np.array([2.0, 0.5, 1.0]), np.array([1.0, -1.0, 0.0])
    fold(head, scale, shift, np.array([0.4, 0.5, 0.6]))
    head.save_pretrained(tmp_path)
    loaded = TLTRForAudioClassification.from_pretrained(tmp_path).eval()
    np.testing.assert_allclose(loaded(states).logits.detach(), before * scale + shift, atol=1e-5)
    assert loaded.config.thresholds == {"a": 0.4, "b": 0.5, "c": 0.6}
    restrict(loaded, ["c", "a"]).save_pretrained(tmp_path / "small")
    small = TLTRForAudioClassification.from_pretrained(tmp_path / "small").eval()
    assert small.config.labels == ["c", "a"] and small.config.thresholds == {"c": 0.6, "a": 0.4}
    np.testing.assert_allclose(small(states).logits.detach(), (before * scale + shift)[:, [2, 0]], atol=1e-5)
