"""Text broken into lines that fit a box."""

from bisect import bisect_right
from collections.abc import Callable, Iterator

# How wide a text is, in any unit.
Measure = Callable[[str], float]


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
    if measure(text) <= width:
        return text
    kept = text.removesuffix("…")
    # Halving: letter by letter, a name of some thousand letters would take minutes.
    fits = bisect_right(range(1, len(kept)), width, key=lambda count: measure(kept[:count].rstrip() + "…"))
    return kept[:fits].rstrip() + "…"


def _pieces(text: str, width: float, measure: Measure) -> Iterator[tuple[str, str]]:
    """Words, and the single letters of words that are too wide, as in scripts without spaces; before each, what parts
    it from the last one."""
    for word in text.split():
        if measure(word) <= width:
            yield " ", word
        else:
            yield "\n", word[0]
            yield from (("", letter) for letter in word[1:])
