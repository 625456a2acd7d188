"""One head's scores over time, on a grid that begins with the file, and the events in them; whole or as they come."""

from collections.abc import Collection, Sequence

import numpy as np

from .decoding import Run, find_runs, smoothed
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
        options = self.options
        found = find_runs(
            self.scores,
            self._on,
            self._off,
            smoothing_steps=self._smoothing,
            max_gap_steps=options.steps(options.max_gap),
            min_steps=max(1, options.steps(options.min_duration)),
            max_steps=None if options.max_duration is None else options.steps(options.max_duration),
        )
        return [(label, first + self.first_step, end + self.first_step, score) for label, first, end, score in found]

    def settle(self, runs: Sequence[Run], is_last: bool) -> list[Run]:
        """Those of `runs()` that are over and were not given before; scores that nothing needs any more are dropped.

        Args:
            is_last: nothing follows.
        """
        half = self._smoothing // 2
        settled = self.end_step if is_last else self.end_step - half - self.options.steps(self.options.max_gap) - 1
        new = [run for run in runs if run[1] >= self._given_until[run[0]]]
        over = [run for run in new if run[2] <= settled]
        for label, _, end, _ in over:
            self._given_until[label] = max(end, self._given_until[label])
        unfinished = [run[1] for run in new if run[2] > settled]
        keep = min([self.end_step, *unfinished, self._last_quiet_before(settled)]) - half
        if keep > self.first_step:
            self.scores = self.scores[keep - self.first_step :].copy()
            self.first_step = keep
        return over

    def highest(self, start: float, end: float) -> np.ndarray:
        """The highest score of each label, `(labels,)`, between two times in seconds; 0 where nothing is known."""
        first, last = self._steps_within(start, end)
        part = self.scores[max(0, first - self.first_step) : max(0, last - self.first_step)]
        return part.max(axis=0, initial=0.0)

    def _steps_within(self, start: float, end: float) -> tuple[int, int]:
        first = int(start / self.options.hop)
        return first, max(first + 1, int(np.ceil(end / self.options.hop - 1e-6)))

    @property
    def _smoothing(self) -> int:
        return self.options.steps(self.options.smoothing)

    def _last_quiet_before(self, step: int) -> int:
        """The latest step, up to `step`, that no event which may be going on there begins before."""
        known = step - self.first_step
        if known <= 0 or not len(self.labels):
            return self.first_step
        quiet = smoothed(self.scores, self._smoothing)[:known] < self._off
        back = np.where(quiet.any(axis=0), np.argmax(quiet[::-1], axis=0), known)
        return step - int(back.max())
