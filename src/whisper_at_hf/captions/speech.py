"""What was said, from the chunks of a result: pieces of text that all have a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Any

from ..errors import InputError
from .lines import ends_sentence, text_width
from .markup import clean
from .splitting import is_unspaced, split_text
from .token import Token

# Characters a second. Conversational English is about 150 words of 6 characters a minute, which is 15; what seems
# slower than a quarter of that is a pause that Whisper counted to the words, unless it is as short as this (hundredths
# of a second).
USUAL_SPEECH = 15.0
SLOWEST_SPEECH = 4.0
SHORT = 200
# No language has longer words on average, in columns, and few segments are as short as this.
MEAN_WORD = 12


@dataclass(frozen=True)
class Chunk:
    """A chunk with text and times in hundredths of a second; `text` is clean, `raw` as it came."""

    text: str
    raw: str
    start: int
    end: int


def speech_chunks(result: Mapping[str, Any]) -> list[Chunk]:
    """The chunks of a checked result in the order of their starts, none of which reaches into the next.

    Whisper leaves ends out and gives words no time at all; such chunks get a time that their text can be said in.

    Raises:
        InputError: a result without chunks.
    """
    if result.get("chunks") is None:
        if "text" in result or result.get("audio_events") is None:
            raise InputError(
                "This result has no times of speech to make captions from; ask for them with return_timestamps=True."
            )
        return []
    times, previous = [], 0.0
    for chunk in result["chunks"]:
        start, end = chunk["timestamp"]
        start = previous if start is None else max(float(start), 0.0)
        previous = start if end is None else max(float(end), start)
        if text := clean(chunk["text"]):
            times.append((round(100 * start), round(100 * previous), text, chunk["text"]))
    times.sort(key=lambda time: time[0])
    following = [time[0] for time in times[1:]]
    return [
        Chunk(text, raw, start, _likely_end(start, end, text, limit))
        for (start, end, text, raw), limit in zip_longest(times, following)
    ]


def _likely_end(start: int, end: int, text: str, limit: int | None) -> int:
    if end <= start:
        end = start + round(100 * text_width(text) / USUAL_SPEECH)
    return end if limit is None else min(end, limit)


def are_words(chunks: Sequence[Chunk]) -> bool:
    """Whether the chunks are words rather than segments, which may be without spaces too, but are longer."""
    width = sum(text_width(chunk.text) for chunk in chunks)
    return not any(" " in chunk.text for chunk in chunks) and width <= MEAN_WORD * len(chunks)


def speech_tokens(chunks: Sequence[Chunk], line_characters: int) -> list[Token]:
    """All text as tokens. Pieces of one chunk share its time by their characters."""
    words = are_words(chunks)
    # Whisper's words begin with the space that goes before them; words without any, from elsewhere, need one.
    bare = not words or not any(chunk.raw[:1].isspace() or chunk.raw[-1:].isspace() for chunk in chunks)
    tokens: list[Token] = []
    for index, chunk in enumerate(chunks):
        before = chunks[index - 1].raw if index else " "
        unspaced = is_unspaced(before.rstrip()[-1:]) or is_unspaced(chunk.text)
        space = before[-1:].isspace() or chunk.raw[:1].isspace() or (bare and not unspaced)
        pieces = split_text(chunk.text, line_characters)
        widths = [text_width(piece.text) for piece in pieces]
        edges = _shares(chunk, widths)
        for number, (piece, width) in enumerate(zip(pieces, widths, strict=True)):
            last = number + 1 == len(pieces)
            tokens.append(
                Token(
                    text=piece.text,
                    width=width,
                    space=piece.space if number else space,
                    parts=piece.parts if number else space or unspaced,
                    start=edges[number],
                    end=edges[number + 1],
                    closes=last and (not words or ends_sentence(piece.text)),
                )
            )
    return tokens


def _shares(chunk: Chunk, widths: list[int]) -> list[int]:
    """The time of a chunk, without the silence that Whisper counts to it, cut by those widths."""
    total = sum(widths) or 1
    lasts = min(chunk.end - chunk.start, max(round(100 * total / SLOWEST_SPEECH), SHORT))
    return [chunk.start + round(lasts * part / total) for part in accumulate(widths, initial=0)]
