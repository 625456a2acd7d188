"""Mixup, time masks and label smoothing, on tensors whose result can be computed by hand."""

import pytest
import torch

from whisper_at_hf.training.augmentation import drop_steps, mask_time, mixup, smooth_labels

ROWS = 64


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered_rows(rows=ROWS):
    """States that are 1, 2, 3 ... everywhere in a row, and targets that name the row."""
    states = torch.arange(1.0, rows + 1)[:, None, None, None].expand(rows, 2, 5, 3)
    return states, torch.eye(rows)


def own_shares(targets):
    """From mixed targets: each row's share of itself."""
    return targets.diagonal()


def test_mixup_mixes_states_as_it_mixes_targets():
    states, targets = numbered_rows()
    mixed, mixed_targets = mixup(states, targets, 1.0, 10.0, draws())
    torch.testing.assert_close(mixed_targets.sum(dim=1), torch.ones(ROWS))
    assert ((mixed_targets > 0).sum(dim=1) <= 2).all()
    expected = mixed_targets @ torch.arange(1.0, ROWS + 1)
    torch.testing.assert_close(mixed, expected[:, None, None, None].expand_as(mixed))
    assert not torch.equal(mixed, states)


def test_shares_are_beta_distributed():
    """Beta(10, 10) has the mean 1/2 and the variance 1 / (4 * 21)."""
    states, targets = numbered_rows(2000)
    shares = own_shares(mixup(states, targets, 1.0, 10.0, draws())[1])
    shares = shares[shares < 1]  # the odd row is its own partner
    assert shares.mean().item() == pytest.approx(0.5, abs=0.01)
    assert shares.var().item() == pytest.approx(1 / 84, rel=0.15)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_the_rate_is_the_share_of_mixed_rows(rate):
    states, targets = numbered_rows(2000)
    mixed = own_shares(mixup(states, targets, rate, 10.0, draws())[1]) < 1
    assert mixed.float().mean().item() == pytest.approx(rate, abs=0.03)


def test_the_generator_decides_all():
    one, same, other = (mixup(*numbered_rows(), 0.5, 10.0, draws(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_a_batch_of_one_stays():
    states, targets = numbered_rows(1)
    mixed, mixed_targets = mixup(states, targets, 1.0, 10.0, draws())
    torch.testing.assert_close(mixed, states)
    torch.testing.assert_close(mixed_targets, targets)


@pytest.mark.parametrize("most, longest", [(2, 2), (5, 5), (9, 5)])
def test_one_span_of_steps_is_zeroed_through_all_layers(most, longest):
    masked = mask_time(torch.ones(500, 2, 5, 3), most, draws())
    steps = masked[:, 0, :, 0]
    assert torch.equal(masked, steps[:, None, :, None].expand_as(masked))
    zeros = steps == 0
    assert set(zeros.sum(dim=1).tolist()) == set(range(longest + 1))
    # One span: at most one change from sound to silence.
    assert (zeros.int().diff(dim=1, prepend=torch.zeros(500, 1)) == 1).sum(dim=1).max() == 1
    assert zeros.any(dim=0).all()  # every step is hit at times


def test_smoothing_moves_a_share_onto_all_labels():
    smooth = smooth_labels(torch.tensor([[0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]), 0.2)
    torch.testing.assert_close(smooth, torch.tensor([[0.05, 0.85, 0.05, 0.05], [0.85, 0.85, 0.05, 0.05]]))


def test_dropped_steps_leave_a_random_subset_in_order_the_same_in_all_rows():
    states = torch.arange(10.0)[None, None, :, None].expand(3, 2, 10, 4)
    sizes = set()
    for seed in range(40):
        kept = drop_steps(states, 0.9, draws(seed))
        assert kept.shape[:2] == (3, 2) and kept.shape[3] == 4
        places = kept[0, 0, :, 0]
        assert (places.diff() > 0).all()
        assert torch.equal(kept, places[None, None, :, None].expand_as(kept))
        sizes.add(len(places))
    assert min(sizes) >= 1 and len(sizes) > 5


def test_one_step_always_stays():
    kept = drop_steps(torch.zeros(2, 1, 1, 4), 1.0, draws())
    assert kept.shape == (2, 1, 1, 4)
