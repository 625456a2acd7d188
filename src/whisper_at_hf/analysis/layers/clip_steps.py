"""How much of a window the clip in it fills: states of the silence behind it are no states of the clip."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from datasets import Dataset

from ...audio.load import load_audio
from ...data import audio_source
from ...features import FeatureSpec
from ...features.keys import segment
from ...features.parallel import map_ahead

# Hz. Lengths do not depend on it; this rate needs no resampling in most data for speech.
RATE = 16_000


def clip_seconds(rows: Dataset, advance: Callable[[], Any] | None = None) -> list[float]:
    """How long each clip sounds; `advance` is called after each.

    Raises:
        InputError: a clip cannot be read.
    """

    def seconds(row: dict) -> float:
        start, end = segment(row)
        return min(len(load_audio(audio_source(row), RATE)) / RATE, math.inf if end is None else end) - start

    lengths = []
    for length in map_ahead(seconds, rows):
        lengths.append(length)
        if advance is not None:
            advance()
    return lengths


def filled_steps(seconds: Sequence[float], spec: FeatureSpec) -> list[int]:
    """For each clip the pooled steps that begin while it sounds: at least one, at most those of the window."""
    # Rounded first: a clip of 1.2 s may come out a sample longer than three steps of 0.4 s.
    counts = (math.ceil(round(length / spec.step_seconds, 3)) for length in seconds)
    return [min(max(1, count), spec.steps) for count in counts]
