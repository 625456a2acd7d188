"""Loading foreign weights strictly, with one sentence about what does not fit."""

import torch
from torch import nn

from ..errors import InputError


def assign_weights(module: nn.Module, state_dict: dict[str, torch.Tensor], source: str) -> None:
    """Make `state_dict` the weights of `module`, without a copy.

    Raises:
        InputError: a weight is missing, of another shape, or left over; `source` is the file it names.
    """
    expected = module.state_dict()
    for name, weight in expected.items():
        if name not in state_dict:
            raise InputError(f"{source} lacks {name}: it is incomplete, copy or download it again.")
        given, wanted = tuple(state_dict[name].shape), tuple(weight.shape)
        if given != wanted:
            raise InputError(f"{source} has {name} of shape {given} instead of {wanted}: it is no such model.")
    for name in state_dict:
        if name not in expected:
            raise InputError(f"{source} holds {name}, which such a model does not have: it is of another kind.")
    module.load_state_dict(state_dict, assign=True)
