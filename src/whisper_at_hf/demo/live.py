"""Text and tags while sound still comes: what a visitor's microphone has given, heard again and again as it grows."""

import html
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..audio.windows import cut_at_pauses
from ..errors import InputError

# The pipeline's own stream waits for a full window of 30 s. Here lines are cut at the best pause of 10 to 15 s, and
# the one that is growing is heard anew at each update: all of it costs one pass of the encoder, whatever its length.
LINE_SECONDS = 15.0
# Shorter beginnings make Whisper guess.
SHORTEST_SECONDS = 1.0
MAX_LABELS = 3
# What may wait for a model that is busy, or too slow to keep up.
MAX_WAITING_SECONDS = 120.0

Listen = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """What was heard in a stretch of the sound.

    Attributes:
        start: in seconds from the start of the session.
        text: what was said, maybe nothing.
        labels: what else was heard, the surest first.
    """

    start: float
    text: str
    labels: list[str]


class LiveTranscript:
    """One visitor's session. Sound is added and heard by different threads; never by two of the same kind."""

    def __init__(self):
        self.lines: list[Line] = []
        self._coming: deque[tuple[int, np.ndarray]] = deque()
        self._growing = np.empty(0, dtype=np.float32)  # the sound that no finished line covers
        self._start, self._rate = 0, None
        self._finished = 0  # lines that change no more

    def add(self, rate: int, samples: np.ndarray, max_seconds: float) -> None:
        """Take the next stretch, mono float32 `(samples,)` at `rate` Hz.

        Raises:
            InputError: the session is longer than `max_seconds`, or its sound waits for too long.
        """
        waiting = sum(len(piece) / piece_rate for piece_rate, piece in list(self._coming))
        if waiting > MAX_WAITING_SECONDS:
            raise InputError("The model is too slow or too busy to follow; stop, and send a recording instead.")
        if self.seconds + waiting > max_seconds:
            raise InputError(f"A live session ends after {max_seconds / 60:g} minutes; clear it to begin anew.")
        self._coming.append((rate, samples))

    @property
    def seconds(self) -> float:
        """The length of the sound that has been taken up."""
        return 0.0 if self._rate is None else (self._start + len(self._growing)) / self._rate

    def update(self, listen: Listen) -> None:
        """Hear what has come since the last time.

        Args:
            listen: gives the pipeline's result for `{"raw", "sampling_rate"}`.

        Raises:
            InputError: the microphone has changed its rate, or as `listen`.
        """
        if not self._take_up():
            return
        for window in list(cut_at_pauses([self._growing], self._rate, LINE_SECONDS)):
            result = listen({"raw": window.samples, "sampling_rate": self._rate})
            self.lines[self._finished :] = [_line(self._start / self._rate, result)]
            if not window.is_last:
                self._finished += 1
                self._start += len(window.samples)
                self._growing = self._growing[len(window.samples) :]

    def as_html(self) -> str:
        """The lines as a page shows them; nothing in them is taken for HTML."""
        shown = [line for line in self.lines if line.text or line.labels]
        if not shown:
            content = '<p class="whisper-at-hint">Start the microphone: text and sounds appear here.</p>'
        else:
            content = "".join(map(_as_html, shown))
        return f'<div class="whisper-at-live">{content}</div>'

    def _take_up(self) -> bool:
        """Whether there is something new to hear."""
        pieces = [self._coming.popleft() for _ in range(len(self._coming))]
        rates = {rate for rate, _ in pieces} | ({self._rate} if self._rate else set())
        if len(rates) > 1:
            raise InputError("The microphone changed in the middle of the session; clear it to begin anew.")
        if pieces:
            (self._rate,) = rates
            self._growing = np.concatenate([self._growing, *(samples for _, samples in pieces)])
        return bool(pieces) and len(self._growing) >= SHORTEST_SECONDS * self._rate


def _line(start: float, result: dict[str, Any]) -> Line:
    scores: dict[str, float] = {}
    for window in result["audio_tags"]:
        for tag in window["tags"]:
            scores[tag["label"]] = max(tag["score"], scores.get(tag["label"], 0.0))
    return Line(start, result.get("text", "").strip(), sorted(scores, key=scores.get, reverse=True)[:MAX_LABELS])


def _as_html(line: Line) -> str:
    minutes, seconds = divmod(int(line.start), 60)
    labels = "".join(f'<span class="whisper-at-label">{html.escape(label)}</span>' for label in line.labels)
    return (
        f'<p class="whisper-at-line"><span class="whisper-at-clock">{minutes}:{seconds:02d}</span>'
        f"<span>{html.escape(line.text)} {labels}</span></p>"
    )
