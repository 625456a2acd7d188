"""One head's scores over time, on a grid that begins with the file, and the events in them; whole or as they come."""

from collections.abc import Collection, Sequence

import numpy as np

from .decoding import Run, cut_run, find_runs, smoothed
from .options import HIGHEST_ON, EventOptions


class EventTrack:
    """Takes scores as they come, and gives each event once nothing that follows can change it.

    Scores are kept from the first event on that is not over yet: a kilobyte a second while a sound goes on unbroken.

    Args:
        labels: of the head, in the order of its scores.
        thresholds: `(labels,)`, the score from which each counts as heard.
        options: what counts as an event.
        chosen: only events of these labels; None for all.

    Attributes:
        first_step: the step of the file that `scores` begins with; steps are `options.hop` seconds.
        scores: `(steps, labels)`, float32.
    """

    def __init__(
        self,
        labels: Sequence[str],
        thresholds: np.ndarray,
        options: EventOptions,
        chosen: Collection[str] | None = None,
    ):
        self.labels, self.options = list(labels), options
        self.first_step = 0
        self.scores = np.zeros((0, len(self.labels)), dtype=np.float32)
        is_chosen = np.array([chosen is None or label in chosen for label in self.labels], dtype=bool)
        on = np.minimum(options.on * thresholds, np.maximum(thresholds, HIGHEST_ON))
        self._on = np.where(is_chosen, on, np.inf)
        self._off = np.where(is_chosen, options.off * thresholds, np.inf)
        self._given_until = np.zeros(len(self.labels), dtype=int)

    @property
    def end_step(self) -> int:
        """The step of the file after the last one that is known."""
        return self.first_step + len(self.scores)

    def add(self, scores: np.ndarray) -> None:
        """Take the scores of the next steps, `(steps, labels)`."""
        self.scores = np.concatenate([self.scores, scores])

    def end_at(self, steps: int, known: int) -> None:
        """Let the file have that many steps; the last of the `known` first ones stands for those that follow."""
        kept = self.scores[: max(1, min(known, steps) - self.first_step)]
        rest = np.repeat(kept[-1:], max(0, steps - self.first_step - len(kept)), axis=0)
        self.scores = np.concatenate([kept, rest])

    def runs(self) -> list[Run]:
        """What is heard in `scores`, with steps counted from the start of the file; the last ones may go on."""
        return [run for run in self._stretches() if self._is_long_enough(run)]

    def settle(self, is_last: bool) -> list[Run]:
        """Those of `runs()` that are over and were not given before, cut to the longest that an event may be.

        Scores that nothing needs any more are dropped.

        Args:
            is_last: nothing follows.
        """
        options = self.options
        gap = options.steps(options.max_gap)
        max_steps = None if options.max_duration is None else options.steps(options.max_duration)
        open_from = self._open_from()
        over, going_on = [], []
        for run in self._stretches():
            label, first, end, _ = run
            if end <= self._given_until[label]:
                continue
            if is_last or end + gap < open_from[label]:
                self._given_until[label] = end
                over += cut_run(run, max_steps) if self._is_long_enough(run) else []
            else:
                going_on.append(first)
        self._drop_before(min([*going_on, *open_from.tolist()], default=self.end_step) - self._half)
        return sorted(over, key=lambda run: (run[1], -run[3], run[0]))

    def _stretches(self) -> list[Run]:
        """As `runs`, but short ones too, which what follows may make longer."""
        options = self.options
        found = find_runs(
            self.scores,
            self._on,
            self._off,
            smoothing_steps=self._smoothing,
            max_gap_steps=options.steps(options.max_gap),
            context_steps=self._context,
        )
        return [(label, first + self.first_step, end + self.first_step, score) for label, first, end, score in found]

    def _is_long_enough(self, run: Run) -> bool:
        return run[2] - run[1] >= self.options.steps(self.options.min_duration)

    def _open_from(self) -> np.ndarray:
        """For each label the step from which on what comes next may matter, `(labels,)`.

        That is the last one whose smoothed score is certain or, if the label is above its low threshold there, the
        first one of that stretch.
        """
        certain = self.end_step - self._half
        begin = self.first_step + self._context
        if certain <= begin:
            return np.full(len(self.labels), min(begin, self.end_step))
        quiet = smoothed(self.scores, self._smoothing)[self._context : certain - self.first_step] < self._off
        return certain - np.where(quiet.any(axis=0), np.argmax(quiet[::-1], axis=0), certain - begin)

    def between(self, start: float, end: float) -> np.ndarray:
        """The scores between two times in seconds, `(steps, labels)`, as far as they are known and still kept."""
        first, last = self._steps_within(start, end)
        return self.scores[max(0, first - self.first_step) : max(0, last - self.first_step)]

    def _steps_within(self, start: float, end: float) -> tuple[int, int]:
        first = int(start / self.options.hop)
        return first, max(first + 1, int(np.ceil(end / self.options.hop - 1e-6)))

    @property
    def _smoothing(self) -> int:
        return self.options.steps(self.options.smoothing)

    @property
    def _half(self) -> int:
        """Steps on each side that smoothing looks at."""
        return self._smoothing // 2

    @property
    def _context(self) -> int:
        """First steps of `scores` that are only there to smooth those that follow."""
        return self._half if self.first_step else 0

    def _drop_before(self, step: int) -> None:
        if step > self.first_step:
            self.scores = self.scores[step - self.first_step :].copy()
            self.first_step = step
