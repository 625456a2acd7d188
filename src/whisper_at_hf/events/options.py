"""How events are made of scores, in seconds; and choices for some kinds of sound."""

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from ..errors import InputError
from ..model.tagging import steps_per_hop


@dataclass(frozen=True)
class EventOptions:
    """What counts as one event; `benchmarks/sound_events.py --tune` found the defaults, on speech with sounds.

    Heads are trained on 10 s, but reach their best onsets and offsets on windows of 1.2 s.

    Attributes:
        window: seconds of sound that a score rests on, a multiple of the head's step (0.4 s).
        hop: seconds from one score to the next, a multiple of the step up to `window`.
        smoothing: seconds of the running median over scores; 0 for none.
        on: an event needs a score of this many times the label's threshold (at most `HIGHEST_ON`) ...
        off: ... and lasts while the score is at least this many times the threshold.
        max_gap: seconds of a pause that does not end an event.
        min_duration: seconds; shorter events are dropped.
        max_duration: seconds; longer events are cut into events of this length. None for no limit.
        labels: only events of these labels, and of those below them in AudioSet's ontology; None for all.

    Raises:
        InputError: a value that is none of the kind above.
    """

    window: float = 1.2
    hop: float = 0.4
    smoothing: float = 1.2
    on: float = 1.5
    off: float = 0.6
    max_gap: float = 1.2
    min_duration: float = 0.8
    max_duration: float | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self):
        self._check("window", 0, least_is_in=False)
        self._check("hop", 0, least_is_in=False)
        self._check_grid()
        for name in ("smoothing", "max_gap", "min_duration"):
            self._check(name, 0)
        for name in ("on", "off"):
            self._check(name, 0.01)
        if self.max_duration is not None:
            self._check("max_duration", max(self.hop, self.min_duration))
        if self.off > self.on:
            raise InputError(
                f"Event options on={self.on:g} and off={self.off:g} do not go together; let on be higher."
            )
        object.__setattr__(self, "labels", _names(self.labels))

    def _check_grid(self) -> None:
        try:
            steps_per_hop(self.hop, self.window)
        except InputError:
            raise InputError(
                f"Event options window={self.window:g} and hop={self.hop:g} do not fit; use multiples of 0.4 s, and a "
                "hop no longer than the window."
            ) from None

    def _check(self, name: str, least: float, least_is_in: bool = True) -> None:
        value = getattr(self, name)
        try:
            number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
        except OverflowError:  # a whole number beyond all floats
            number = math.nan
        if not least <= number <= LONGEST or (number == least and not least_is_in):
            raise InputError(
                f"Event option {name}={str(value)[:40]!s} is no number from {least:g} to {LONGEST:g}; use one."
            )
        object.__setattr__(self, name, number)

    def steps(self, seconds: float) -> int:
        """Scores in that many seconds."""
        return round(seconds / self.hop)


def _names(labels: Any) -> tuple[str, ...] | None:
    if labels is None or isinstance(labels, str):
        return None if labels is None else (labels,)
    names = tuple(labels) if isinstance(labels, Iterable) else (labels,)
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"Event option labels={labels!r} does not give names; use a text or a list of texts.")
    return names


# Seconds, a day; longer settings are slips, and their running medians would fill the memory.
LONGEST = 86_400.0
# An event's threshold never asks for more than this score.
HIGHEST_ON = 0.95

# Music goes on through rests between its parts; alarms repeat.
PRESETS = {
    "music": EventOptions(labels=("Music",), min_duration=3.2, max_gap=4.0),
    "alarms": EventOptions(labels=("Alarm", "Vehicle horn, car horn, honking", "Car alarm"), max_gap=2.0),
    "human sounds": EventOptions(labels=("Human sounds",)),
}


def event_options(given: Any = None) -> EventOptions:
    """The options meant by None (the defaults), the name of a preset, a mapping of some fields, or options.

    Raises:
        InputError: an unknown preset or field, or a bad value.
    """
    if given is None:
        return EventOptions()
    if isinstance(given, EventOptions):
        return given
    if isinstance(given, str):
        if given not in PRESETS:
            raise InputError(f"event_options={given!r} is no preset; use {', '.join(map(repr, PRESETS))}, or a dict.")
        return PRESETS[given]
    if not isinstance(given, Mapping):
        raise InputError(f"event_options={given!r} is neither a preset's name nor a dict of options; use one of them.")
    values = dict(given)
    preset = values.pop("preset", None)
    if preset is not None and not isinstance(preset, str):
        raise InputError(f"event_options has preset={preset!r}; use {', '.join(map(repr, PRESETS))}.")
    base = event_options(preset)
    known = [field.name for field in dataclasses.fields(EventOptions)]
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1) or known
            raise InputError(f"event_options has no option {name!r}; use {' or '.join(near)}.")
    return dataclasses.replace(base, **values)
