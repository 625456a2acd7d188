"""Sounds between the cues of speech, which come first."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .cue import Cue
from .rules import CaptionRules, reading_characters
from .sounds import Sound
from .timing import LEAD, reading_time

# Hundredths of a second: how much after its start a sound is still told in time (Netflix, English Timed Text Style
# Guide, I.3, counts two seconds as a pause), and how long the cue of a lasting sound stays, to leave room for others.
LATE = 200
SHOWN = 300


def place_sounds(speech: Sequence[Cue], sounds: Iterable[Sound], rules: CaptionRules) -> tuple[list[Cue], list[Sound]]:
    """Cues of speech and sounds in order of time, none at the same time as another; and the sounds without a place.

    A sound is told in free time about its start; else on a line above speech that is shown while it lasts, where there
    is room; else in free time while it still lasts; else not at all.
    """
    cues, without_place = list(speech), []
    for sound in sounds:
        soon, ever = sound.start + LATE, max(sound.end, sound.start + LATE)
        if cue := _free_time(cues, sound, soon, rules):
            insort(cues, cue, key=_start)
        elif (index := _with_room(cues, sound, rules)) is not None:
            cues[index] = _above(sound, cues[index])
        elif cue := _free_time(cues, sound, ever, rules):
            insort(cues, cue, key=_start)
        else:
            without_place.append(sound)
    return cues, without_place


def _start(cue: Cue) -> float:
    return cue.start


def _free_time(cues: Sequence[Cue], sound: Sound, latest: int, rules: CaptionRules) -> Cue | None:
    """A cue in the free time that is nearest to the sound's start, from a little before it up to `latest`."""
    needed = reading_time(sound.characters, rules)
    if needed * rules.characters_per_second < 100 * sound.characters:
        return None
    places = []
    for opens, closes in _free_stretches(cues, max(sound.start - LEAD, 0), latest + needed, rules):
        start = max(min(sound.start, closes - needed), opens)
        if start + needed <= closes and start <= latest:
            places.append((abs(start - sound.start), start, closes))
    if not places:
        return None
    _, start, closes = min(places)
    end = min(max(min(sound.end, start + SHOWN), start + needed), start + rules.hundredths("max_seconds"), closes)
    return Cue(start / 100, end / 100, "\n".join(sound.lines), sound.kind)


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
