"""Which words are shown together."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from .lines import break_cost, cheapest_parts
from .rules import CaptionRules
from .sounds import Sound
from .token import Token

# A silence that parts cues. Netflix lets cues meet whose gap is less than half a second, and counts two seconds as a
# pause (English Timed Text Style Guide, I.3); a second is between them.
PAUSE = 100
# What makes a cue worse, on the scale of `break_cost`: being one more, going on after speech came to an end or paused,
# being shorter than rules allow, being too fast to read, leaving its lines empty, having no line for a sound.
_CUE, _RUN_ON, _SHORT, _FAST, _EMPTY, _NO_ROOM = 3.0, 12.0, 30.0, 8.0, 4.0, 20.0


def heard_within(sounds: Sequence[Sound], start: int, end: int) -> Sequence[Sound]:
    """Those of the sounds, which are in order of time, that begin from `start` on and before `end`."""
    first, stop = (bisect_left(sounds, time, key=lambda sound: sound.start) for time in (start, end))
    return sounds[first:stop]


def group_tokens(tokens: Sequence[Token], rules: CaptionRules, sounds: Sequence[Sound] = ()) -> list[Sequence[Token]]:
    """The tokens as cues, cut where it costs least; each fits into its lines and is not said for too long.

    Cues that are said while one of the `sounds` begins leave a line for it where they can.
    """
    gap, shortest, longest = (rules.hundredths(name) for name in ("gap_seconds", "min_seconds", "max_seconds"))
    full_cue = rules.lines * rules.line_characters
    # Between each token and the next one, computed once rather than for each cue that they may lie in.
    run_on_costs = [_run_on_cost(*pair) for pair in pairwise(tokens)]
    end_costs = [_end_cost(*pair) for pair in pairwise(tokens)]

    def costs_from(first: int) -> Iterable[float]:
        start, lines, line_width, width, run_on = tokens[first].start, 1, 0, 0, 0.0
        for last in range(first, len(tokens)):
            token = tokens[last]
            step = token.width + (token.space and last > first)
            if last > first:
                run_on += run_on_costs[last - 1]
                if line_width + step > rules.line_characters:
                    lines, line_width, step = lines + 1, 0, token.width
                if lines > rules.lines or token.end - start > longest:
                    return
            line_width += step
            width += step
            heard = heard_within(sounds, start, token.end) if sounds else ()
            characters = width + sum(sound.characters for sound in heard)
            cost, too_fast = _CUE + run_on + _EMPTY * max(0.0, 1 - characters / full_cue) ** 2, 0.0
            if last + 1 < len(tokens):
                following = tokens[last + 1]
                time = following.start - gap - start
                too_fast = max(0.0, 1 - time * rules.characters_per_second / (100 * characters))
                cost += end_costs[last] + _SHORT * (time < shortest) + _FAST * too_fast
            cost += _NO_ROOM * any(too_fast or lines + len(sound.lines) > rules.lines for sound in heard)
            yield cost

    return [tokens[first:stop] for first, stop in cheapest_parts(len(tokens), costs_from)]


def _end_cost(token: Token, following: Token) -> float:
    return 0.0 if token.closes or _pauses(token, following) else break_cost(token, following)


def _pauses(token: Token, following: Token) -> bool:
    return following.start - token.end >= PAUSE


def _run_on_cost(token: Token, following: Token) -> float:
    return _RUN_ON * (token.closes + 2 * _pauses(token, following))
