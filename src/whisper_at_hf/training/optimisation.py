"""What the trainer adds to transformers' optimisation: the paper's schedule, averaged weights, balanced sampling."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Sampler

_FILE = "average.safetensors"
_COUNT = "_count"


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


class WeightAverage:
    """Mean of the weights that `add` was called with; lies in checkpoints beside the weights.

    The paper averages the checkpoints of the second half of training (+0.9 to +1.6 mAP). A running mean needs no
    checkpoint to be kept for it.
    """

    def __init__(self):
        self.count = 0
        self._sums: dict[str, torch.Tensor] = {}

    def add(self, module: nn.Module) -> None:
        """Count the weights of `module` in."""
        for name, value in module.state_dict().items():
            value = value.detach().to("cpu", torch.float64)
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
        self.count += 1

    def copy_to(self, module: nn.Module) -> None:
        """Give `module` the mean."""
        state = {name: total / self.count for name, total in self._sums.items()}
        module.load_state_dict({name: state[name].to(value.dtype) for name, value in module.state_dict().items()})

    def save(self, folder: Path) -> None:
        """Write the sums into a checkpoint's folder."""
        save_file({**self._sums, _COUNT: torch.tensor(self.count)}, folder / _FILE)

    def load(self, folder: Path) -> None:
        """Go on from a checkpoint; one without sums starts anew."""
        self._sums = load_file(folder / _FILE) if (folder / _FILE).is_file() else {}
        self.count = int(self._sums.pop(_COUNT, 0))


def balanced_weights(targets: np.ndarray) -> np.ndarray:
    """Weight of each clip: the sum over its labels of 1000 / (clips with that label + 0.01), as in Whisper-AT.

    Args:
        targets: `(clips, num_labels)` of 0 and 1, or `(clips,)` class indices.

    Returns:
        `(clips,)`. Clips without labels get the mean weight of the others, so that silence is learnt too.
    """
    if targets.ndim == 1:
        return 1000.0 / (np.bincount(targets)[targets] + 0.01)
    per_label = 1000.0 / (targets.sum(axis=0) + 0.01)
    # In parts, since the product of all of AudioSet's targets would take a copy of 8 GB.
    weights = np.concatenate([part @ per_label for part in np.array_split(targets, 1 + len(targets) // 65_536)])
    weights[weights == 0] = weights[weights > 0].mean()
    return weights


class EpochSampler(Sampler[int]):
    """Draws `num_samples` of the rows anew in every epoch, the same ones in every process and after a resume.

    Args:
        num_rows: rows to draw from.
        num_samples: rows in an epoch.
        weights: `(num_rows,)`; with them rows are drawn with replacement, without them each at most once.
        seed: together with the epoch this decides all.
    """

    def __init__(self, num_rows: int, num_samples: int, weights: np.ndarray | None = None, seed: int = 0):
        self.num_rows, self.num_samples, self.seed = num_rows, num_samples, seed
        self.weights = None if weights is None else torch.as_tensor(weights, dtype=torch.double)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        if self.weights is None:
            rows = torch.randperm(self.num_rows, generator=generator)[: self.num_samples]
        elif len(self.weights) < 2**24:
            rows = torch.multinomial(self.weights, self.num_samples, replacement=True, generator=generator)
        else:  # more than torch.multinomial takes
            draws = torch.rand(self.num_samples, generator=generator, dtype=torch.double)
            totals = self.weights.cumsum(0)
            rows = torch.searchsorted(totals, draws * totals[-1]).clamp(max=self.num_rows - 1)
        return iter(rows.tolist())

    def __len__(self) -> int:
        return self.num_samples
