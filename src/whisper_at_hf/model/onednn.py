"""Linear layers in float32 on a CPU by oneDNN, where PyTorch would have them done by MKL."""

import torch
from torch import nn
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

# Whether this build of PyTorch has oneDNN.
HAS_OPERATOR = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class LinearByOneDNN(TorchFunctionMode):
    """A context in which linear layers run by oneDNN: as precise, and on AMD's processors twice as fast or more.

    `benchmarks/speed_attempts.py` has the times. Results differ by rounding, since sums are taken in another order. In
    bfloat16 PyTorch asks oneDNN anyway, and `torch.compile` chooses for itself, among others this operator
    (https://github.com/pytorch/pytorch/blob/main/torch/_inductor/mkldnn_ir.py). What it cannot do is left as it was:
    other devices and dtypes, gradients, weights that are not plain tensors.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is linear and not kwargs and _is_served(*args):
            states, weight, bias = (*args, None)[:3]
            return torch.ops.mkldnn._linear_pointwise(states, weight, bias, "none", [], "")
        return func(*args, **(kwargs or {}))


def _is_served(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> bool:
    return (
        states.device.type == "cpu"
        and states.dtype == weight.dtype == torch.float32
        and type(weight) in (torch.Tensor, nn.Parameter)
        and states.numel() > 0
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and HAS_OPERATOR
    )
