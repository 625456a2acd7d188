"""The field's rules for captions, and whether cues keep them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from numbers import Integral, Real

from ..errors import InputError
from .cue import Cue
from .lines import text_width

# Netflix, Timed Text Style Guide, General Requirements, 1 (Duration) and 4 (Line Treatment):
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617-Timed-Text-Style-Guide-General-Requirements
MIN_SECONDS = 5 / 6
MAX_SECONDS = 7.0
LINES = 2
# Netflix, English (USA) Timed Text Style Guide, I.2 (Character Limitation) and reading speed of adult programmes:
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977-English-USA-Timed-Text-Style-Guide
# BBC broadcasts have 37: https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/, 3.1 (Line length).
LINE_CHARACTERS = 42
CHARACTERS_PER_SECOND = 20.0
# Netflix, Subtitle Timing Guidelines: at least 2 frames; they are written for 24 frames a second.
# https://partnerhelp.netflixstudios.com/hc/en-us/articles/360051554394
GAP_SECONDS = 2 / 24

# No rule is beyond that: eleven days, in seconds.
MOST = 1e6
# Rounding of times in seconds, far below what any format writes.
_EPSILON = 1e-6


@dataclass(frozen=True)
class CaptionRules:
    """The limits of cues. Wide characters of East Asia count twice, marks above and below letters not at all.

    Attributes:
        line_characters: at most this many characters a line.
        lines: at most this many lines a cue.
        min_seconds: a cue is shown at least this long.
        max_seconds: and at most this long.
        characters_per_second: what viewers can read.
        gap_seconds: at least this much between cues.

    Raises:
        InputError: a value that no cue can keep to.
    """

    line_characters: int = LINE_CHARACTERS
    lines: int = LINES
    min_seconds: float = MIN_SECONDS
    max_seconds: float = MAX_SECONDS
    characters_per_second: float = CHARACTERS_PER_SECOND
    gap_seconds: float = GAP_SECONDS

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            whole = field.type in (int, "int")
            kind = "a whole number" if whole else "a number"
            if isinstance(value, bool) or not isinstance(value, Integral if whole else Real) or value != value:  # NaN
                raise InputError(f"The caption rule {field.name}={value!r} is not {kind}; use one.")
            if value < 0 or (value == 0 and field.name != "gap_seconds"):
                raise InputError(f"The caption rule {field.name}={value!r} is too small; use a number above 0.")
            if value > MOST:
                raise InputError(f"The caption rule {field.name} is beyond what captions have; use {MOST:g} at most.")
            # NumPy's numbers may overflow.
            object.__setattr__(self, field.name, int(value) if isinstance(value, Integral) else float(value))
        if self.line_characters < 2:
            raise InputError("The caption rule line_characters=1 holds no wide character; use 2 or more.")
        if self.hundredths("max_seconds") < self.hundredths("min_seconds"):
            raise InputError(
                f"The caption rule max_seconds={self.max_seconds!r} is less than min_seconds={self.min_seconds!r}; "
                "let it be more."
            )

    def hundredths(self, name: str) -> int:
        """A time of these rules in hundredths of a second, rounded so that keeping it keeps the rule."""
        hundredths = getattr(self, name) * 100
        if name == "max_seconds":
            return math.floor(hundredths + _EPSILON)
        return math.ceil(hundredths - _EPSILON)


def own_rules(rules: CaptionRules | None) -> CaptionRules:
    """Those, or the field's if there are none. Raises InputError for what are no rules."""
    if not isinstance(rules, CaptionRules | None):
        raise InputError(f"The rules are a {type(rules).__name__}; use a CaptionRules, or leave them out.")
    return rules or CaptionRules()


def broken_rules(cues: Iterable[Cue], rules: CaptionRules | None = None) -> list[str]:
    """A sentence for each rule that a cue breaks.

    `make_cues` breaks none but the reading speed, and that only where people speak faster than viewers can read: no
    word is left out.
    """
    rules = own_rules(rules)
    cues = list(cues)
    found = []
    for number, cue in enumerate(cues, 1):
        found += [f"Cue {number} {complaint}." for complaint in _complaints(cue, rules)]
    for number, (cue, following) in enumerate(pairwise(cues), 1):
        gap = following.start - cue.end
        if gap < rules.gap_seconds - _EPSILON:
            found.append(f"Cue {number} ends {gap:.3f} s before the next, less than {rules.gap_seconds:.3f} s.")
    return found


def _complaints(cue: Cue, rules: CaptionRules) -> list[str]:
    lines, seconds = cue.text.split("\n"), cue.end - cue.start
    found = []
    if not all(line.strip() for line in lines):
        found.append("has an empty line")
    if len(lines) > rules.lines:
        found.append(f"has {len(lines)} lines, more than {rules.lines}")
    if (widest := max(map(text_width, lines))) > rules.line_characters:
        found.append(f"has a line of {widest} characters, more than {rules.line_characters}")
    if cue.start < 0:
        found.append(f"starts before the file, at {cue.start:.3f} s")
    if seconds < rules.min_seconds - _EPSILON:
        found.append(f"is shown for {seconds:.3f} s, less than {rules.min_seconds:.3f} s")
    if seconds > rules.max_seconds + _EPSILON:
        found.append(f"is shown for {seconds:.3f} s, more than {rules.max_seconds:.3f} s")
    if reading_characters(cue.text) > rules.characters_per_second * seconds + _EPSILON:
        found.append(f"has more than {rules.characters_per_second:g} characters a second")
    return found


def reading_characters(text: str) -> int:
    """What of a cue's text counts for the reading speed: all but the breaks of lines."""
    return sum(map(text_width, text.split("\n")))
