"""Average pooling of encoder states inside the encoder pass, on a grid that starts where the caller says."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class PoolingRequest:
    """What one encoder pass has to pool, and the result.

    Attributes:
        pooling_size: encoder positions (20 ms each) averaged into one step.
        offsets: per row of the batch, positions between the last grid line before the window and the window's start
            (0 .. pooling_size - 1); None where every window starts on a grid line.
        bounds: per row, the first position that counts and the one at which counting stops, since neighbouring
            windows cover the others; read with `offsets` only.
        result: the pooled states so far, `(batch, layers, steps, width)`.
    """

    pooling_size: int
    offsets: list[int] | None = None
    bounds: list[tuple[int, int]] | None = None
    result: torch.Tensor | None = None
    num_pooled: int = 0

    def prepare(self, batch: int, layers: int, positions: int, like: torch.Tensor) -> None:
        """Make room for the result before the pass, with dtype, device and last dimension of `like`.

        Small tensors made between the large ones of the pass would keep the memory of those from being reused.
        """
        steps = positions // self.pooling_size + (self.offsets is not None)
        self.result = like.new_zeros(batch, layers, steps, like.shape[-1])
        self.num_pooled = 0

    def add(self, hidden_states: torch.Tensor) -> None:
        """Pool the next block's output, `(batch, positions, width)`."""
        if self.offsets is None:
            steps = self.result.shape[2]
            whole = hidden_states[:, : steps * self.pooling_size]
            pooled = whole.unflatten(1, (steps, self.pooling_size)).mean(dim=2)
        else:
            pooled = self._matrix(hidden_states) @ hidden_states
        self.result[:, self.num_pooled] = pooled.to(self.result.device)
        self.num_pooled += 1

    def _matrix(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """`(batch, steps, positions)`: each position's share (1 / pooling_size) in the step that it falls into.

        One step more than fits, since a window that starts between grid lines also ends between two. Steps that the
        window covers in part get their part of the mean only; the rest comes from the neighbouring window.
        """
        positions = torch.arange(hidden_states.shape[1], device=hidden_states.device)
        offsets = torch.tensor(self.offsets, device=hidden_states.device)
        bounds = torch.tensor(self.bounds, device=hidden_states.device)
        steps = torch.arange(hidden_states.shape[1] // self.pooling_size + 1, device=hidden_states.device)
        falls_into = (positions + offsets[:, None]) // self.pooling_size
        inside = (positions >= bounds[:, :1]) & (positions < bounds[:, 1:])
        counted = (falls_into[:, None, :] == steps[:, None]) & inside[:, None, :]
        return counted.to(hidden_states.dtype) / self.pooling_size


_request: ContextVar[PoolingRequest | None] = ContextVar("whisper_at_pooling_request", default=None)


@contextmanager
def pooling(request: PoolingRequest):
    """While open, every block watched by `watch_block` adds its output to `request` (in this thread or task only)."""
    token = _request.set(request)
    try:
        yield request
    finally:
        _request.reset(token)


def watch_block(block: nn.Module) -> None:
    """Let `block`, an encoder layer, report its outputs to an open pooling request; without one this costs nothing."""
    block.register_forward_hook(_report)


def _report(block: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
    request = _request.get()
    if request is not None:
        request.add(output)
