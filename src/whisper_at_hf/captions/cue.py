"""What a viewer reads at one time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A spoken word of a cue: when it is said, and `text[first:stop]` of the cue."""

    start: float
    end: float
    first: int
    stop: int


@dataclass(frozen=True)
class Cue:
    """Text on the screen from `start` to `end`.

    Times are seconds from the start of the file, whole hundredths: the coarsest format (ASS) writes no finer ones, so
    all formats write the same.

    Attributes:
        text: lines joined by newlines, plain text without any markup.
        kind: "speech", "sound" or "music"; "speech" too where a line above the speech names a sound.
        words: those of `text`, where the result has times of words.
    """

    start: float
    end: float
    text: str
    kind: str = "speech"
    words: tuple[Word, ...] = ()
