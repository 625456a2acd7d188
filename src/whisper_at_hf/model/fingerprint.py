"""Tells models apart by what decides their output."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from torch import nn


def fingerprint(module: nn.Module, settings: Any, counts: Callable[[str], bool] = lambda name: True) -> str:
    """sha256 over settings and weights: the same for the same model, whatever dtype it is in and where it lies.

    Args:
        module: whose weights decide.
        settings: what else does, as JSON could hold it.
        counts: whether the weight of that name decides.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for name, weight in sorted(module.state_dict().items()):
        if counts(name):
            digest.update(f"{name} {tuple(weight.shape)}".encode())
            digest.update(weight.detach().float().cpu().contiguous().numpy())
    return digest.hexdigest()
