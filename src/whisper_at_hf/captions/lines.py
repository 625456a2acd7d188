"""How wide text is, where it may be broken, and the best lines for it."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from .token import Token

# What ends sentences and clauses in the scripts that Whisper writes; closing quotes and brackets may follow.
_SENTENCE_ENDS = ".?!…。！？｡؟۔।॥။៕"
_CLAUSE_ENDS = ",;:—–、，；：،؛"
_CLOSING = "\"'”’»)]}」』）】"
# Lines break before conjunctions and prepositions, not after them, nor between an article or pronoun and its noun or
# verb: Netflix, General Requirements, 4 (Line Treatment).
_CONJUNCTIONS = frozenset(
    "and but or because that which who so if when while where than as of to in on at for with from by about into "
    "und oder aber weil dass denn wenn von zu in auf für mit "
    "et ou mais car que qui parce quand si de à dans pour avec "
    "y o pero porque cuando en para con "
    "e ma perché che quando di con per "
    "mas porque em".split()
)
_ARTICLES = frozenset(
    "a an the my your his her its our their this i you he she we they "
    "der die das den dem des ein eine einen einem einer ich du er sie wir "
    "le la les un une je tu il elle nous vous "
    "el los las una uno yo lo gli o os um uma eu".split()
)
# What a break costs, by what it separates: sentences, clauses, words at a conjunction, words, words that belong
# together, the inside of a word.
SENTENCE, CLAUSE, CONJUNCTION, WORDS, BOUND, INSIDE_WORD = 0.0, 2.0, 4.0, 8.0, 14.0, 24.0


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def text_width(text: str) -> int:
    """Columns that a line of text takes: two for a wide character of East Asia, none for marks over letters."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def ends_sentence(text: str) -> bool:
    """Whether a word is the last of a sentence."""
    return text.rstrip(_CLOSING)[-1:] in tuple(_SENTENCE_ENDS)


def break_cost(token: Token, following: Token) -> float:
    """How bad it is to break between two neighbours."""
    if not following.parts:
        return INSIDE_WORD
    if ends_sentence(token.text):
        return SENTENCE
    if token.text.rstrip(_CLOSING)[-1:] in tuple(_CLAUSE_ENDS):
        return CLAUSE
    word = token.text.casefold()
    # Hiragana seldom begin a word of Japanese: they end the one before.
    if word in _CONJUNCTIONS or word in _ARTICLES or "ぁ" <= following.text[0] <= "ん":
        return BOUND
    return CONJUNCTION if following.text.casefold() in _CONJUNCTIONS else WORDS


def cheapest_parts(count: int, costs_from: Callable[[int], Iterable[float]]) -> list[tuple[int, int]]:
    """Cut a sequence of `count` into parts `(first, stop)` of the least total cost.

    Args:
        count: its length.
        costs_from: gives for `first` the costs of the parts with `stop` from `first + 1` on, as far as parts may go;
            at least one.
    """
    best, before = [0.0] + [math.inf] * count, [0] * (count + 1)
    for first in range(count):
        for stop, cost in enumerate(costs_from(first), first + 1):
            if best[first] + cost < best[stop]:
                best[stop], before[stop] = best[first] + cost, first
    parts, stop = [], count
    while stop:
        parts.append((before[stop], stop))
        stop = before[stop]
    return parts[::-1]


# Fewer lines come before all else, then good places for breaks and lines of like length.
_LINE_COST = 1000.0
_UNEVENNESS_COST = 40.0


def break_lines(tokens: Sequence[Token], line_characters: int) -> list[Sequence[Token]]:
    """The tokens as lines: as few as can be, broken at good places, of like length; all on one line if they fit."""

    def costs_from(first: int) -> Iterable[float]:
        width = 0
        for last in range(first, len(tokens)):
            width += tokens[last].width + (tokens[last].space and last > first)
            if width > line_characters and last > first:
                return
            is_end = last + 1 == len(tokens)
            break_here = 0.0 if is_end else break_cost(tokens[last], tokens[last + 1])
            yield _LINE_COST + break_here + _UNEVENNESS_COST * (1 - width / line_characters) ** 2

    return [tokens[first:stop] for first, stop in cheapest_parts(len(tokens), costs_from)]
