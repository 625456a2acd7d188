"""Text where no head hears speech: Whisper writes words over noise and music too."""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from ..errors import InputError
from ..labels.ontology import labels_below

# What is above words that somebody may have spoken or sung.
SPOKEN = ("Speech", "Singing", "Shout", "Whispering", "Chant")
# What `voice_score` has to be for a text to stay. In the tuning part of `benchmarks/speech_gate.py`, read speech has
# 0.99 and more, three of 240 acted sentences, shouts, less than this, and what is made up over sounds up to 0.71.
DEFAULT_GATE = 0.8
# Seconds before and after a text that count as under it, since Whisper's times are not exact.
MARGIN = 0.8
# For how many seconds a voice has to be heard, under short texts and under long ones: single peaks are squeaks.
SHORTEST, LONGEST = 1.2, 2.0


def voice_labels(labels: Sequence[str]) -> list[int]:
    """The indices of the labels that a voice with words may have."""
    voices = frozenset().union(*map(labels_below, SPOKEN))
    return [index for index, label in enumerate(labels) if label in voices]


def voice_score(scores: np.ndarray, hop: float, duration: float) -> float:
    """How surely a voice is heard around a text: the highest mean of its score over as long as it has to last.

    Args:
        scores: `(steps, labels)` of a voice's labels alone, from `MARGIN` before the text to `MARGIN` after it.
        hop: seconds a step.
        duration: seconds of the text.
    """
    if not scores.size:
        return 0.0
    voice = scores.max(axis=1)
    steps = min(len(voice), max(1, round(min(max(duration, SHORTEST), LONGEST) / hop)))
    return float(np.lib.stride_tricks.sliding_window_view(voice, steps).mean(axis=1).max())


def gate_threshold(speech_gate: bool | float | None) -> float | None:
    """The score that text needs; None where there is no gate.

    Raises:
        InputError: neither True, False, None nor a number within 0 and 1.
    """
    if speech_gate is None or isinstance(speech_gate, bool | np.bool_):
        return DEFAULT_GATE if speech_gate else None
    if isinstance(speech_gate, Real) and 0 <= speech_gate <= 1:
        return float(speech_gate)
    raise InputError(f"speech_gate={speech_gate!r} is neither True, False nor a score; use one of them.")
