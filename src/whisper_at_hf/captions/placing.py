"""Sounds between the cues of speech, which come first."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from .cue import Cue
from .rules import CaptionRules, reading_characters
from .sounds import Sound
from .timing import LEAD, Span, reading_time

# Hundredths of a second: how much after its start a sound is still told at once, and how much at all if it is over
# (Netflix, English Timed Text Style Guide, I.3, counts two seconds as a pause); how long the cue of a lasting sound
# stays, to leave room for others.
SOON = 100
LATE = 200
SHOWN = 300


def place_sounds(speech: Sequence[Cue], sounds: Sequence[Sound], rules: CaptionRules) -> tuple[list[Cue], list[Sound]]:
    """Cues of speech and sounds in order of time, none at the same time as another; and the sounds told late or never.

    A sound is told in free time about its start; else on a line above speech that is shown while it lasts, where there
    is room; else late, in free time while it still lasts; else not at all.
    """
    cues, late = list(speech), []
    for sound, following in zip_longest(sounds, sounds[1:]):
        shown = Span(sound.start, min(sound.end, sound.start + SHOWN), sound.characters)
        if following is not None:  # which is told in its turn
            shown = shown._replace(end=min(shown.end, following.start - rules.hundredths("gap_seconds")))
        soon, ever = sound.start + SOON, max(sound.end, sound.start + LATE)
        if time := _free_time(cues, shown, soon, rules):
            insort(cues, _cue(sound, *time), key=_start)
        elif (index := _with_room(cues, sound, rules)) is not None:
            cues[index] = _above(sound, cues[index])
        else:
            if time := _free_time(cues, shown, ever, rules):
                insort(cues, _cue(sound, *time), key=_start)
            if time is None or time[0] > sound.start + LATE:
                late.append(sound)
    return cues, late


def _start(cue: Cue) -> float:
    return cue.start


def _cue(sound: Sound, start: int, end: int) -> Cue:
    return Cue(start / 100, end / 100, "\n".join(sound.lines), sound.kind)


def _free_time(cues: Sequence[Cue], span: Span, latest: int, rules: CaptionRules) -> tuple[int, int] | None:
    """Start and end in the free time that is nearest to the span's start, from a little before it up to `latest`.

    The cue lasts as long as the span, or longer if it takes longer to read.
    """
    needed = reading_time(span.characters, rules)
    if needed * rules.characters_per_second < 100 * span.characters:
        return None
    places = []
    for opens, closes in _free_stretches(cues, max(span.start - LEAD, 0), latest + needed, rules):
        start = max(min(span.start, closes - needed), opens)
        if start + needed <= closes and start <= latest:
            places.append((abs(start - span.start), start, closes))
    if not places:
        return None
    _, start, closes = min(places)
    lasts = min(max(span.end - span.start, needed), rules.hundredths("max_seconds"))
    return start, min(start + lasts, closes)


def _free_stretches(cues: Sequence[Cue], begin: int, end: int, rules: CaptionRules) -> Iterator[tuple[int, int]]:
    """Hundredths of a second from `begin` to `end` in which a cue can be without touching others."""
    gap = rules.hundredths("gap_seconds")
    index = bisect_left(cues, begin / 100, key=_start)
    opens = max(begin, round(100 * cues[index - 1].end) + gap) if index else begin
    for cue in cues[index:]:
        if opens >= end:
            return
        yield opens, round(100 * cue.start) - gap
        opens = round(100 * cue.end) + gap
    # After the last cue is free time without an end.
    yield opens, max(opens, end) + rules.hundredths("max_seconds")


def _with_room(cues: Sequence[Cue], sound: Sound, rules: CaptionRules) -> int | None:
    """The first cue of speech shown while the sound lasts that can take its lines as well."""
    begin = max(bisect_left(cues, sound.start / 100, key=_start) - 1, 0)
    for index, cue in enumerate(cues[begin:], begin):
        if round(100 * cue.start) >= max(sound.end, sound.start + 1):
            return None
        lines = cue.text.count("\n") + 1 + len(sound.lines)
        characters = reading_characters(cue.text) + sound.characters
        readable = characters <= rules.characters_per_second * (cue.end - cue.start)
        shown = round(100 * cue.end) > sound.start
        if shown and cue.kind == "speech" and lines <= rules.lines and readable:
            return index
    return None


def _above(sound: Sound, cue: Cue) -> Cue:
    """That cue of speech with the sound above its words."""
    head = "\n".join(sound.lines) + "\n"
    words = tuple(replace(word, first=word.first + len(head), stop=word.stop + len(head)) for word in cue.words)
    return replace(cue, text=head + cue.text, words=words)
