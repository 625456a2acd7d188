"""Foreign PyTorch checkpoints, without running what they may hold."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError


def load_pickle(path: Path) -> dict[str, Any]:
    """The dictionary of tensors and plain values in a `.pt` or `.pth` file, on the CPU.

    Raises:
        InputError: the file is damaged, holds anything but plain tensors, numbers, texts and containers (such a
            pickle could run code, so it is not loaded), or is no dictionary.
    """
    try:
        with warnings.catch_warnings():
            # torch remarks on pickle protocols; what follows from them is said below.
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} was refused: it is no checkpoint of plain tensors, and loading other pickled objects could "
            "run code; save its state_dict alone with torch.save."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged or no PyTorch checkpoint: copy or download it again.") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a dictionary of weights.")
    return content
