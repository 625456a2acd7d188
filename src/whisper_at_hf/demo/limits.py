"""How much sound a visitor of the page may send."""

import os
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import numpy as np

from ..audio.load import stream_audio
from ..errors import InputError

BYTES_PER_MB = 1 << 20
# No limit is beyond that: a terabyte, or two years.
MOST = 1e6


@dataclass(frozen=True)
class Limits:
    """The largest file and the longest sound.

    Attributes:
        max_mb: size of a file, in MB of 2^20 bytes.
        max_minutes: length of its sound, and of a live session.

    Raises:
        InputError: one of them is no number above 0, or beyond `MOST`.
    """

    max_mb: float = 100.0
    max_minutes: float = 30.0

    def __post_init__(self):
        for name in ("max_mb", "max_minutes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise InputError(f"{name} is a {type(value).__name__}; use a number above 0.")
            if not value > 0:
                raise InputError(f"{name}={value!r} leaves no room for any sound; use more than 0.")
            if value > MOST:
                raise InputError(f"{name} is no limit any more; use {MOST:g} at most.")
            # As a Space's app.py has it: NumPy's numbers would be written with names that it does not know.
            object.__setattr__(self, name, float(value))

    @property
    def max_bytes(self) -> int:
        """The size of the largest file."""
        return int(self.max_mb * BYTES_PER_MB)

    @property
    def max_seconds(self) -> float:
        """The length of the longest sound."""
        return self.max_minutes * 60

    def describe(self) -> str:
        """What is allowed, for people."""
        return f"Up to {self.max_mb:g} MB and {self.max_minutes:g} minutes."

    def read(self, path: str | os.PathLike, sampling_rate: int) -> np.ndarray:
        """The sound of a file, mono float32 `(samples,)`; a longer one is not decoded beyond the limit.

        Raises:
            InputError: it is too large, too long or no sound; the message has the file's name, but not where it lies.
        """
        path = Path(path)
        if path.stat().st_size > self.max_bytes:
            raise InputError(f"'{path.name}' is larger than {self.max_mb:g} MB; send a smaller file, such as an mp3.")
        blocks, length = [], 0
        # Errors name a sound by its path.
        for block in stream_audio({"path": path.name, "bytes": path.read_bytes()}, sampling_rate):
            blocks.append(block)
            length += len(block)
            if length > self.max_seconds * sampling_rate:
                raise InputError(f"'{path.name}' is longer than {self.max_minutes:g} minutes; send a part of it.")
        return np.concatenate(blocks)
