"""What there is to draw: the sound, and what has a place in time in a result of the pipeline."""

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..audio import load_audio
from ..captions.result_checks import check_result
from ..errors import InputError
from .sound import SAMPLING_RATE

MAX_LABELS = 12
# A label that never scores higher is not worth a row: no tag counts below, where the head has no threshold of its own.
FAINTEST_SCORE = 0.25


@dataclass(frozen=True)
class Chunk:
    """A piece of text, from `start` to `end` in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Event:
    """A sound, from `start` to `end` in seconds, with the highest score in it, 0 to 1."""

    label: str
    start: float
    end: float
    score: float


@dataclass(frozen=True)
class Heat:
    """Scores over time.

    Attributes:
        labels: the rows.
        edges: `(columns + 1,)`, where columns begin and end, in seconds.
        scores: `(labels, columns)`, 0 to 1.
    """

    labels: list[str]
    edges: np.ndarray
    scores: np.ndarray

    def at_most(self, columns: int) -> "Heat":
        """The same in no more columns than that, each with the highest score of those it stands for."""
        starts = np.arange(0, self.scores.shape[1], -(-self.scores.shape[1] // columns))
        edges = np.append(self.edges[starts], self.edges[-1])
        return Heat(self.labels, edges, np.maximum.reduceat(self.scores, starts, axis=1))


@dataclass(frozen=True)
class Contents:
    """What can be drawn of a result.

    Attributes:
        seconds: where the recording ends.
        samples: the sound, `(samples,)` at 16 kHz, or None.
        chunks: in order.
        events: sorted by their start.
        event_labels: of `events`, one a row.
        heat: None without scores.
    """

    seconds: float
    samples: np.ndarray | None
    chunks: list[Chunk]
    events: list[Event]
    event_labels: list[str]
    heat: Heat | None


def read_title(title: str | None) -> str:
    """The text above it all, "" for none. Raises InputError for what is no text."""
    if not isinstance(title, str | None):
        raise InputError(f"The title is a {type(title).__name__}; pass a text, or leave it out.")
    return title or ""


def read_contents(result: Mapping[str, Any], audio: Any = None, max_labels: int = MAX_LABELS) -> Contents:
    """
    Args:
        result: what the pipeline returns for a file, maybe read back from JSON. `event_scores` go before `audio_tags`.
        audio: the sound, anything that `load_audio` takes.
        max_labels: at most so many rows of scores, those that score best, and of events, those that last longest.

    Raises:
        InputError: there is nothing to draw, not even sound, parts of the result are not the pipeline's, the sound
            cannot be read, or `max_labels` leaves no row.
    """
    if not isinstance(max_labels, numbers.Integral) or max_labels < 1:
        raise InputError(f"max_labels={max_labels!r} leaves no row; use a whole number from 1 up.")
    check_result(result)
    chunks = _timed_chunks(result)
    events = sorted(map(_event, result.get("audio_events") or ()), key=lambda event: event.start)
    heat = _heat(result, max_labels)
    samples = None if audio is None else load_audio(audio, SAMPLING_RATE)
    ends = [end or start for start, end, _ in chunks] + [event.end for event in events]
    ends += [float(heat.edges[-1])] if heat else []
    ends += [] if samples is None else [len(samples) / SAMPLING_RATE]
    if not ends or max(ends) <= 0:
        raise InputError(
            "Nothing in the result has a time; use return_timestamps=True or return_events=True, or pass audio."
        )
    labels = _event_labels(events, max_labels, heat.labels if heat else [])
    return Contents(
        seconds=max(ends),
        samples=samples,
        chunks=_closed(chunks or _untimed_text(result), max(ends)),
        events=[event for event in events if event.label in labels],
        event_labels=labels,
        heat=heat,
    )


# Start, end or None, and text.
_Timed = tuple[float, float | None, str]


def _timed_chunks(result: Mapping[str, Any]) -> list[_Timed]:
    """Chunks with text. One without a start begins where the one before it ends."""
    timed: list[_Timed] = []
    before = 0.0
    for chunk in result.get("chunks") or ():
        start, end = chunk["timestamp"]
        start = before if start is None else float(start)
        before = start if end is None else float(end)
        if text := chunk["text"].strip():
            timed.append((start, None if end is None else before, text))
    return timed


def _untimed_text(result: Mapping[str, Any]) -> list[_Timed]:
    """The whole text, where the result was made without timestamps."""
    text = (result.get("text") or "").strip()
    return [(0.0, None, text)] if text else []


def _closed(timed: list[_Timed], seconds: float) -> list[Chunk]:
    """A chunk without an end reaches to the next one, or to the end of the recording."""
    followers = [start for start, _, _ in timed[1:]] + [seconds]
    return [
        Chunk(start, following if end is None else end, text)
        for (start, end, text), following in zip(timed, followers, strict=False)
    ]


def _event(event: Mapping[str, Any]) -> Event:
    start, end = event["timestamp"]
    return Event(event["label"], float(start), float(end), float(event["score"]))


def _event_labels(events: list[Event], max_labels: int, before: list[str]) -> list[str]:
    """The labels that last longest in all; those that are `before`, too, come first, in the same order."""
    lasting: dict[str, float] = {}
    for event in events:
        lasting[event.label] = lasting.get(event.label, 0.0) + event.end - event.start
    kept = sorted(lasting, key=lasting.get, reverse=True)[:max_labels]
    return [label for label in before if label in kept] + [label for label in kept if label not in before]


def _heat(result: Mapping[str, Any], max_labels: int) -> Heat | None:
    if result.get("event_scores") is not None:
        heat = _of_steps(result["event_scores"])
        heat = _strongest(heat, max_labels, FAINTEST_SCORE) if heat else None
    else:
        heat = _of_windows(result.get("audio_tags") or ())
        heat = _strongest(heat, max_labels, 0.0) if heat else None
    return heat if heat and heat.labels else None


def _of_steps(event_scores: Mapping[str, Any]) -> Heat | None:
    labels, times = list(event_scores["labels"]), np.asarray(event_scores["times"], float)
    scores = np.asarray(event_scores["scores"], np.float32).reshape(len(times), len(labels)).T
    if not scores.size:
        return None
    # From 0 on, all steps are as long as the first; the last may be shorter, and its centre is given, too.
    starts = [0.0, *(times[:-1] + times[0])]
    edges = np.round([*starts, 2 * times[-1] - starts[-1]], 6)  # 10 s, not 10.000000000000002
    return Heat(labels, edges, scores)


def _of_windows(windows: list[Mapping[str, Any]]) -> Heat | None:
    """Where windows overlap, the highest score counts; what is not among a window's tags counts 0."""
    labels = sorted({tag["label"] for window in windows for tag in window["tags"]})
    edges = np.unique([float(seconds) for window in windows for seconds in window["timestamp"]])
    if not labels or len(edges) < 2:
        return None
    row = {label: number for number, label in enumerate(labels)}
    scores = np.zeros((len(labels), len(edges) - 1), np.float32)
    for window in windows:
        begin, end = np.searchsorted(edges, window["timestamp"])
        for tag in window["tags"]:
            covered = scores[row[tag["label"]], begin:end]
            np.maximum(covered, float(tag["score"]), out=covered)
    return Heat(labels, edges, scores)


def _strongest(heat: Heat, max_labels: int, faintest: float) -> Heat:
    """The rows of the sounds that were heard best, from the first to the last.

    The mean of the cubes is ruled by high scores: a bark outweighs a hum that scores a tenth of it for minutes.
    """
    peaks, strengths = heat.scores.max(axis=1), (heat.scores**3).mean(axis=1)
    rows = [row for row in np.argsort(-strengths, kind="stable")[:max_labels] if peaks[row] >= faintest]
    return Heat([heat.labels[row] for row in rows], heat.edges, heat.scores[rows])
