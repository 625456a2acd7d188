"""Training rows out of the feature cache."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ..features import FeatureCache


class FeatureDataset(Dataset):
    """Cached features with their targets.

    Args:
        cache: the features.
        positions: of the clips in the cache.
        targets: `(clips, num_labels)` of 0..1, or `(clips,)` class indices for single-label heads.
        teacher: probabilities `(clips, num_labels)` to learn from besides, see `distillation.load_teacher`.

    An item is `{"pooled_states": (layers, steps, width) float16, "labels": ..., ["teacher": (num_labels,)]}`.
    """

    def __init__(
        self, cache: FeatureCache, positions: Sequence[int], targets: np.ndarray, teacher: np.ndarray | None = None
    ):
        self.cache, self.positions, self.targets, self.teacher = cache, list(positions), targets, teacher

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, row: int) -> dict[str, Any]:
        item = {"pooled_states": self.cache[self.positions[row]], "labels": self.targets[row]}
        if self.teacher is not None:
            item["teacher"] = self.teacher[row]
        return item


class JoinedDataset(Dataset):
    """Several datasets of one kind in a row, `targets` included."""

    def __init__(self, parts: Sequence[Dataset]):
        self._parts = torch.utils.data.ConcatDataset(parts)
        self.targets = np.concatenate([part.targets for part in parts])

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, row: int) -> dict[str, Any]:
        return self._parts[row]


def collate(items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Stack items into a batch, keeping their types."""
    return {name: torch.from_numpy(np.stack([np.asarray(item[name]) for item in items])) for name in items[0]}
