"""The running average of a head's weights over the ends of epochs."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

_FILE = "average.safetensors"
_COUNT = "_count"


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
