"""Text broken into lines that fit a box."""

from bisect import bisect_left
from collections.abc import Callable, Iterator

# How wide a text is, in any unit.
Measure = Callable[[str], float]
# Nothing is as wide as that many letters, and measuring more takes seconds.
MOST_LETTERS = 1000


def wrap(text: str, width: float, max_lines: int, measure: Measure) -> list[str]:
    """Lines no wider than `width`; words that are wider themselves are broken.

    Text beyond `max_lines` is cut, which an ellipsis says. A box that is too narrow for one letter gets no lines.
    """
    lines = [""]
    for start, piece in _pieces(text, width, measure):
        longer = lines[-1] + start + piece if lines[-1] else piece
        if start != "\n" and measure(longer) <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < max_lines:
            lines.append(piece)
        else:
            lines[-1] = cut(lines[-1] + "…", width, measure)
            break
    return [line for line in lines if line and measure(line) <= width]


def cut(text: str, width: float, measure: Measure) -> str:
    """The text, or as much of its beginning as fits into `width` with an ellipsis behind it."""
    if len(text) <= MOST_LETTERS and measure(text) <= width:
        return text
    kept = text[:MOST_LETTERS].removesuffix("…")
    fewer = [kept[:letters].rstrip() + "…" for letters in range(len(kept) + 1)]
    too_wide = bisect_left(fewer, True, key=lambda shorter: measure(shorter) > width)
    return fewer[max(too_wide - 1, 0)]


def _pieces(text: str, width: float, measure: Measure) -> Iterator[tuple[str, str]]:
    """Words, and the single letters of words that are too wide, as in scripts without spaces; before each, what parts
    it from the last one."""
    for word in text.split():
        if measure(word) <= width:
            yield " ", word
        else:
            yield "\n", word[0]
            yield from (("", letter) for letter in word[1:])
