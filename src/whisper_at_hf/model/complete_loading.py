"""Loads checkpoints whole: what transformers would silently fill with random numbers is refused."""

import pickle
from os import PathLike
from typing import Any

from safetensors import SafetensorError
from transformers import PreTrainedModel

from .errors import InputError, first_line


def load_complete(model_class: Any, path: str | PathLike, **kwargs: Any) -> PreTrainedModel:
    """`model_class.from_pretrained(path, **kwargs)`, with every weight found.

    Raises:
        InputError: weights are missing, of another shape than config.json says, or unreadable; or they are pickled
            with other objects, which could run code, so that they are not loaded.
        OSError: there is nothing under that path or hub id.
    """
    try:
        model, info = model_class.from_pretrained(path, output_loading_info=True, **kwargs)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"The weights in '{path}' were refused: they are pickled with objects that could run code; "
            "get the checkpoint as safetensors."
        ) from error
    except (SafetensorError, RuntimeError) as error:
        raise InputError(
            f"The weights in '{path}' cannot be read or do not fit its config.json ({first_line(error)}); "
            "get the checkpoint again."
        ) from error
    lacking = sorted([*info["missing_keys"], *(key[0] for key in info["mismatched_keys"])])
    if lacking:
        raise InputError(
            f"'{path}' lacks {len(lacking)} of the weights that its config.json asks for, such as {lacking[0]}; "
            "get the whole checkpoint, or the config.json that belongs to it."
        )
    return model
