"""Text where no head hears speech: Whisper writes words over noise and music too."""

from collections.abc import Sequence

from ..errors import InputError
from ..labels.ontology import labels_below

# What is above words that somebody may have spoken or sung.
SPOKEN = ("Speech", "Singing", "Shout", "Whispering", "Chant")
# A text stays if a voice scores at least this under it, or `MARGIN` seconds before or after it. On the tuning part of
# `benchmarks/speech_gate.py`, the lowest score of spoken text is TUNED_LOWEST.
DEFAULT_GATE = 0.1
MARGIN = 0.8


def voice_labels(labels: Sequence[str]) -> list[int]:
    """The indices of the labels that a voice with words may have."""
    voices = frozenset().union(*map(labels_below, SPOKEN))
    return [index for index, label in enumerate(labels) if label in voices]


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
