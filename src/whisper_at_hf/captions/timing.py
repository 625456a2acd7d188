"""When cues are shown: long enough to be read, never two at a time."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from .rules import CaptionRules

# How much before its speech a cue may come where it would be too short else. Beyond 0.5 s viewers see text and lips
# apart; Netflix too extends a cue by half a second at most where others bound it (Subtitle Timing Guidelines, 1).
LEAD = 50


class Span(NamedTuple):
    """When something is said, in hundredths of a second, and how many characters it has to read."""

    start: int
    end: int
    characters: int


def reading_time(characters: int, rules: CaptionRules) -> int:
    """Hundredths of a second that a cue of so many characters should be shown for, within its shortest and longest."""
    wanted = -(-100 * characters // rules.characters_per_second)
    return int(min(max(wanted, rules.hundredths("min_seconds")), rules.hundredths("max_seconds")))


def fit_times(spans: Sequence[Span], rules: CaptionRules) -> list[tuple[int, int]]:
    """Starts and ends of cues, in hundredths of a second, that keep to all rules but the reading speed.

    A cue that needs more time to be read stays into the free time after it, then begins up to `LEAD` earlier. Where
    even the shortest duration does not fit, later cues give way.
    """
    gap, shortest, longest = (rules.hundredths(name) for name in ("gap_seconds", "min_seconds", "max_seconds"))
    times: list[tuple[int, int]] = []
    free = 0
    for span, following in zip_longest(spans, (span.start for span in spans[1:])):
        needed = reading_time(span.characters, rules)
        start = max(span.start, free)
        limit = start + longest if following is None else following - gap
        start = max(min(start, limit - needed), free, span.start - LEAD)
        end = min(max(span.end, start + needed), limit, start + longest)
        end = max(end, start + shortest)
        times.append((start, end))
        free = end + gap
    return times
