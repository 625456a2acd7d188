"""Which sounds are captioned, and in what words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from reprlib import repr as short_repr
from typing import Any

from ..errors import InputError
from ..labels.ontology import ancestors, group_names
from ..labels.wording import caption_words, label_kind
from .lines import break_lines, text_width
from .markup import clean
from .rules import CaptionRules
from .splitting import split_text
from .token import Token

# Hundredths of a second. A sound that returns within REPEAT is not named again: DCMP, Captioning Key, Sound Effects,
# finds that needless "if it is making the same sound a few captions later" (https://dcmp.org/learn/captioningkey/602).
# Sounds that begin within TOGETHER share a cue, the surest first, as many as MOST.
REPEAT = 1000
TOGETHER = 100
MOST = 3


@dataclass(frozen=True)
class Sound:
    """What one cue says about sounds; times in hundredths of a second."""

    start: int
    end: int
    lines: tuple[str, ...]
    kind: str

    @property
    def characters(self) -> int:
        """How many characters there are to read."""
        return sum(map(text_width, self.lines))


@dataclass(frozen=True)
class _Event:
    label: str
    start: int
    end: int
    score: float
    words: str
    kind: str
    names: frozenset[str]  # what has been said once this event has: its label and all above it


def sounds_to_say(
    events: Iterable[Mapping[str, Any]], rules: CaptionRules, wording: Mapping[str, str] | None
) -> list[Sound]:
    """Sound events as what captions say, in order of time.

    Speech is left to the text. Of a label and one above it ("Dog" and "Animal") at one time only the more specific is
    said; a long sound once; one that returns soon not again.

    Args:
        events: `audio_events` of a result.
        rules: each of the sounds fits into their lines.
        wording: words by label, instead of our own.

    Raises:
        InputError: words that do not fit into a caption.
    """
    found = sorted(_events(events, caption_words(wording, "wording")), key=lambda event: (event.start, -event.score))
    below: dict[str, list[_Event]] = {}
    for event in found:
        for name in event.names - {event.label}:
            below.setdefault(name, []).append(event)
    said = _not_said_lately(event for event in found if not _is_general(event, below.get(event.label, []), rules))
    return [_sound(group, rules) for group in _together(said)]


def fits(words: str, label: str, rules: CaptionRules) -> bool:
    """Whether what captions call a label fits into their lines."""
    text = _brackets([clean(words)], label_kind(label))
    if text_width(text) > rules.lines * rules.line_characters:
        return False
    return len(_lines(text, rules.line_characters)) <= rules.lines


def _events(events: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[_Event]:
    known = set(group_names())
    for event in events:
        label, (start, end) = event["label"], event["timestamp"]
        kind = label_kind(label)
        if kind == "speech" or not (text := clean(words[label])):
            continue
        names = frozenset([label, text]) | (ancestors(label) if label in known else frozenset())
        start, end = round(100 * max(start, 0)), round(100 * max(end, start, 0))
        yield _Event(label, start, end, event["score"], text, kind, names)


def _is_general(event: _Event, below: Iterable[_Event], rules: CaptionRules) -> bool:
    """Whether a more specific event, one of those `below`, is heard while a cue of this one would be shown."""
    shown_until = max(min(event.end, event.start + rules.hundredths("max_seconds")), event.start + 1)
    for other in below:
        if other.start >= shown_until:
            return False
        if other.end > event.start:
            return True
    return False


def _not_said_lately(events: Iterable[_Event]) -> Iterator[_Event]:
    last_heard: dict[str, int] = {}
    for event in events:
        heard = max(last_heard.get(name, -REPEAT) for name in (event.label, event.words))
        if event.start - heard >= REPEAT:
            yield event
        for name in event.names:
            last_heard[name] = max(last_heard.get(name, 0), event.end)


def _together(events: Iterable[_Event]) -> list[list[_Event]]:
    """Events of one kind that begin at about the same time."""
    groups: dict[str, list[list[_Event]]] = {}
    for event in events:
        of_kind = groups.setdefault(event.kind, [])
        if of_kind and event.start - of_kind[-1][0].start < TOGETHER:
            of_kind[-1].append(event)
        else:
            of_kind.append([event])
    return sorted((group for of_kind in groups.values() for group in of_kind), key=lambda group: group[0].start)


def _sound(group: list[_Event], rules: CaptionRules) -> Sound:
    """As many of the words as fit on one line, at least one, which may take more lines."""
    surest = sorted(group, key=lambda event: -event.score)[:MOST]
    first = surest[0]
    if not fits(first.words, first.label, rules):
        raise InputError(
            f"The caption words {short_repr(first.words)} of {short_repr(first.label)} do not fit into {rules.lines} "
            f"lines of {rules.line_characters} characters; give shorter ones, or rules with more."
        )
    while len(surest) > 1 and text_width(_said(surest)) > rules.line_characters:
        surest.pop()
    lines = _lines(_said(surest), rules.line_characters)
    end = max(event.end for event in surest)
    return Sound(group[0].start, end, tuple(lines), group[0].kind)


def _said(events: list[_Event]) -> str:
    return _brackets([event.words for event in events], events[0].kind)


def _brackets(words: list[str], kind: str) -> str:
    """`[dog barking, rain falling]` or `[♪ rock music ♪]`.

    Both guides put what is heard in brackets, and notes around lyrics; notes inside of brackets tell music at a glance
    from sounds, and from words that are sung.
    """
    said = ", ".join(words)
    return f"[♪ {said} ♪]" if kind == "music" else f"[{said}]"


def _lines(text: str, line_characters: int) -> list[str]:
    pieces = split_text(text, line_characters)
    tokens = [Token(piece.text, text_width(piece.text), piece.space, piece.parts) for piece in pieces]
    broken = break_lines(tokens, line_characters)
    return ["".join(" " * token.space + token.text for token in line).strip() for line in broken]
