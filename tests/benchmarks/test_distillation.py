"""How students are compared with their teacher, and the losses that were tried."""

import numpy as np
import pytest
import torch
from distillation import CANDIDATES, agreement
from torch import nn


def test_agreement_by_hand():
    taught = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.1, 0.1, 0.1]] * 5)
    perfect = agreement(np.log(taught + 1e-6), taught)
    assert perfect["top 1"] == perfect["top 5"] == perfect["AP"] == 1.0
    alike = agreement(np.tile([2.0, 1.0, 0.0], (15, 1)), taught)
    assert alike["top 1"] == 0.5 and alike["spread"] == 0.0
    assert alike["AP"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", [name for name, candidate in CANDIDATES.items() if candidate.loss])
def test_every_loss_is_least_where_the_teacher_is(name):
    taught = np.random.default_rng(0).uniform(0.02, 0.6, (40, 6)).astype(np.float32)
    targets = torch.from_numpy(taught)
    loss = CANDIDATES[name].loss(taught)
    logits = torch.logit(targets).clone().requires_grad_()
    at_teacher = loss(logits, targets)
    if "positives" not in name:  # which asks for more than the teacher says
        assert torch.autograd.grad(at_teacher, logits)[0].abs().max() < 1e-5
    worse = torch.logit(targets) + torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    assert loss(worse, targets) > at_teacher


def test_a_temperature_of_one_and_a_weight_of_one_change_nothing():
    from distillation import softened, weighted

    targets = torch.rand(5, 4, generator=torch.Generator().manual_seed(0)) * 0.9 + 0.05
    logits = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    plain = nn.functional.binary_cross_entropy_with_logits(logits, targets)
    for loss in (softened(1.0), weighted(1.0)):
        torch.testing.assert_close(loss(targets.numpy())(logits, targets), plain)
