"""Text into words, and into characters where a script writes no spaces."""

import re
import unicodedata
from typing import NamedTuple

from .lines import text_width

# Thai, Lao, Burmese, Khmer, the scripts of China and Japan with their punctuation. Korean writes spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff9f"
    "\U00020000-\U0003ffff]"
)
# Neither begins a line: marks, closing and other punctuation, signs that lengthen or repeat; small kana; vowels that
# Thai and Lao write after their consonant. (For Japanese: JIS X 4051, line-start prohibition.)
_STAY_CATEGORIES = ("Mn", "Mc", "Me", "Pe", "Pf", "Po", "Lm", "Cf", "Sk")
_STAY = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶะาำະາຳ")
# Nor does anything part from these: opening brackets and quotes; vowels written before their consonant; the signs that
# put the next consonant below, in Burmese and Khmer.
_HOLD_CATEGORIES = ("Ps", "Pi", "Cf")
_HOLD = frozenset("เแโใไເແໂໃໄ\u1039\u17d2")


class Piece(NamedTuple):
    """A part of a text, whether a space goes before it, and whether a line may begin with it."""

    text: str
    space: bool
    parts: bool


def is_unspaced(char: str) -> bool:
    """Whether a character is of a script that writes no spaces; an empty text is not."""
    return bool(_UNSPACED.match(char))


def one_line(text: str) -> str:
    """A cue's text without its line breaks."""
    first, *rest = text.split("\n")
    for line in rest:
        first += ("" if is_unspaced(first[-1:]) and is_unspaced(line) else " ") + line
    return first


def split_text(text: str, line_characters: int) -> list[Piece]:
    """Clean text as pieces, none of which is wider than a line."""
    pieces = []
    for word in text.split():
        space = True
        for unit in _units(word):
            for rest, piece in enumerate(_cut(unit, line_characters)):
                pieces.append(Piece(piece, space, rest == 0))
                space = False
    return pieces


def _units(word: str) -> list[str]:
    units = [word[:1]]
    for before, char in zip(word, word[1:], strict=False):
        if _may_part(before, char):
            units.append(char)
        else:
            units[-1] += char
    return units


def _may_part(before: str, char: str) -> bool:
    if not (is_unspaced(before) or is_unspaced(char)):
        return False
    stays = unicodedata.category(char) in _STAY_CATEGORIES or char in _STAY
    return not (stays or unicodedata.category(before) in _HOLD_CATEGORIES or before in _HOLD)


def _cut(unit: str, line_characters: int) -> list[str]:
    if text_width(unit) <= line_characters:
        return [unit]
    parts = [""]
    for char in unit:
        if text_width(parts[-1] + char) > line_characters:
            parts.append("")
        parts[-1] += char
    return parts
