"""Which clips an epoch is made of, and in which order."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Sampler


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
