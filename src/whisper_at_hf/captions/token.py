"""The smallest pieces that text is put together from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """A word with its punctuation, or a character of a script that writes no spaces.

    Attributes:
        text: without spaces.
        width: its columns.
        space: whether a space goes before it, unless it begins a line.
        parts: whether a line may begin with it; the rest of a word may only where nothing else helps.
        start, end: when it is said, in hundredths of a second.
        closes: whether a unit of speech ends with it, such as a segment of Whisper's.
    """

    text: str
    width: int
    space: bool
    parts: bool
    start: int = 0
    end: int = 0
    closes: bool = False
