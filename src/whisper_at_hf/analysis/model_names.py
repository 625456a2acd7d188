"""What to call models in tables and figures."""

from collections.abc import Sequence
from itertools import count
from os import PathLike
from pathlib import Path


def model_name(model: str | PathLike) -> str:
    """The last part of a folder or hub id."""
    return Path(model).resolve().name if Path(model).exists() else Path(model).name


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, with a number behind it where another model has the same."""
    return name if name not in taken else next(other for n in count(2) if (other := f"{name} ({n})") not in taken)
