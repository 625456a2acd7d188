"""Text where no head hears speech: Whisper writes words over noise and music too."""

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..labels.ontology import labels_below

# What is above words that somebody may have spoken or sung.
SPOKEN = ("Speech", "Singing", "Shout", "Whispering", "Chant")
# What `voice_score` has to be for a text to stay. On the tuning part of `benchmarks/speech_gate.py`, the lowest of text
# that was spoken is 0.67, shouted, and what Whisper makes up over sounds reaches 0.6 in one word of a hundred.
DEFAULT_GATE = 0.6
# Seconds before and after a text that count as under it, since Whisper's times are not exact; and for how long a voice
# has to be heard: single peaks are cries and squeaks.
MARGIN, SUSTAINED = 0.8, 2.0


def voice_labels(labels: Sequence[str]) -> list[int]:
    """The indices of the labels that a voice with words may have."""
    voices = frozenset().union(*map(labels_below, SPOKEN))
    return [index for index, label in enumerate(labels) if label in voices]


def voice_score(scores: np.ndarray, hop: float) -> float:
    """How surely a voice is heard somewhere in a stretch: the highest mean of its score over `SUSTAINED` seconds.

    Args:
        scores: `(steps, labels)`, of the labels of a voice alone.
        hop: seconds a step.
    """
    if not scores.size:
        return 0.0
    voice = scores.max(axis=1)
    steps = min(len(voice), max(1, round(SUSTAINED / hop)))
    return float(np.lib.stride_tricks.sliding_window_view(voice, steps).mean(axis=1).max())


def gate_threshold(speech_gate: bool | float | None) -> float | None:
    """The score that text needs; None where there is no gate.

    Raises:
        InputError: neither True, False, None nor a number within 0 and 1.
    """
    if speech_gate is None or isinstance(speech_gate, bool):
        return DEFAULT_GATE if speech_gate else None
    if isinstance(speech_gate, (int, float)) and 0 <= speech_gate <= 1:
        return float(speech_gate)
    raise InputError(f"speech_gate={speech_gate!r} is neither True, False nor a score; use one of them.")
