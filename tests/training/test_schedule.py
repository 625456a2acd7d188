import pytest
import torch

from whisper_at_hf.training.optimisation import step_decay


def rates(steps, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.8)
    schedule = step_decay(optimizer, **options)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def test_warm_up_then_constant_then_steps_down():
    """2 steps an epoch; halved at the start of epochs 3, 5 and 7."""
    seen = rates(16, warmup_steps=3, steps_per_epoch=2, start_epoch=3, every=2, factor=0.5)
    assert seen == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8] + [0.4] * 4 + [0.2] * 4 + [0.1] * 2)


def test_without_warm_up_it_starts_at_the_full_rate():
    assert rates(3, warmup_steps=0, steps_per_epoch=1.5, start_epoch=1, every=5, factor=0.75) == pytest.approx(
        [0.8, 0.8, 0.6]
    )
