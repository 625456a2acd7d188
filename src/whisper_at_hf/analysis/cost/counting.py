"""Parameters and multiply-accumulates of real modules, counted without their weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

# Products of two activations: of queries and keys, and of attention weights and values.
ATTENTION_OPERATORS = ("bmm", "baddbmm")


@dataclass(frozen=True)
class Count:
    """What one forward pass costs.

    Attributes:
        parameters: all of the module's weights, positions too.
        macs: multiply-accumulates of all matrix products and convolutions; normalisation, activations and means, well
            below a percent of them, are not counted.
        attention_macs: those among them that are products of two activations.
    """

    parameters: int
    macs: int
    attention_macs: int


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """What `build` makes, with shapes and without memory: the largest Whisper is there in a second.

    Its configuration must ask for eager attention. torch's counter has no formula for the fused attention of CPUs and
    leaves its products out without a word: of an Audio Spectrogram Transformer, a fifth of the whole.
    """
    with torch.device("meta"):
        return build().eval()


def count(module: nn.Module, *shape: int, **inputs: Any) -> Count:
    """The cost of one forward pass on an input of this shape.

    Args:
        module: from `on_meta`.
        shape: of its one input tensor.
        inputs: further arguments.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        module(torch.empty(shape, device="meta"), **inputs)
    # The counter knows an operation for each multiplication and one for each addition.
    macs = {operator.__name__: flops // 2 for operator, flops in counter.get_flop_counts()["Global"].items()}
    return Count(
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        macs=sum(macs.values()),
        attention_macs=sum(number for name, number in macs.items() if name.split(".")[0] in ATTENTION_OPERATORS),
    )
