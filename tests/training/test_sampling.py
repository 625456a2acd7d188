"""Balanced weights by the paper's formula, and epochs that all processes agree on."""

import numpy as np
import pytest

from whisper_at_hf.training.optimisation import EpochSampler, balanced_weights


def test_weights_sum_over_labels():
    targets = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=np.float32)
    counts = [3, 2, 1]
    one, two, three = (1000 / (count + 0.01) for count in counts)
    np.testing.assert_allclose(balanced_weights(targets), [one, one + two, one, two + three], rtol=1e-6)


def test_class_indices_weigh_as_their_indicators():
    classes = np.array([0, 2, 2, 1, 2])
    np.testing.assert_allclose(balanced_weights(classes), balanced_weights(np.eye(3)[classes]))


def test_silent_clips_weigh_as_the_mean_of_the_others():
    targets = np.array([[1, 0], [0, 0], [0, 1], [0, 1]], dtype=np.float32)
    weights = balanced_weights(targets)
    assert weights[1] == pytest.approx(weights[[0, 2, 3]].mean())


def epoch_rows(epoch, *arguments, **options):
    sampler = EpochSampler(*arguments, **options)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_without_weights_an_epoch_is_all_rows_in_a_new_order():
    first, second = (epoch_rows(epoch, 50, 50) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert first != epoch_rows(0, 50, 50, seed=1)


def test_every_process_and_every_resumed_run_draws_the_same():
    weights = np.linspace(1, 5, 50)
    for options in ({}, {"weights": weights}):
        assert epoch_rows(3, 50, 20, seed=7, **options) == epoch_rows(3, 50, 20, seed=7, **options)


def test_a_share_of_the_rows_makes_an_epoch():
    sampler = EpochSampler(50, 5)
    rows = list(sampler)
    assert len(sampler) == len(rows) == len(set(rows)) == 5
    seen = set().union(*(epoch_rows(epoch, 50, 5) for epoch in range(100)))
    assert seen == set(range(50))


@pytest.mark.parametrize("rows", [4, 2**24])
def test_rows_are_drawn_by_weight_with_replacement(rows):
    """From 2**24 rows on without torch.multinomial, which takes no more."""
    weights = np.zeros(rows)
    weights[[0, 1, rows - 1]] = [1, 2, 5]
    drawn = epoch_rows(0, rows, 8000, weights=weights)
    counts = [drawn.count(row) for row in (0, 1, rows - 1)]
    assert sum(counts) == 8000
    np.testing.assert_allclose(counts, [1000, 2000, 5000], rtol=0.1)
