"""The learning rate of the paper's recipe."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def step_decay(
    optimizer: Optimizer, warmup_steps: int, steps_per_epoch: float, start_epoch: int, every: int, factor: float
) -> LambdaLR:
    """Linear warm-up, a constant rate, and from `start_epoch` on `factor` times the rate every `every` epochs."""

    def share(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / (warmup_steps + 1)
        epoch = int(step / steps_per_epoch)
        decays = 0 if epoch < start_epoch else 1 + (epoch - start_epoch) // every
        return factor**decays

    return LambdaLR(optimizer, share)
