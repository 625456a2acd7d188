"""Scores over time as events: smoothing, two thresholds, pauses, shortest and longest. Pure functions on arrays.

Of the two thresholds (Dinkel and Yu, 2019, https://arxiv.org/abs/1904.03841), a high one finds an event, a low one its
ends.
"""

from collections.abc import Iterator

import numpy as np

# (label index, first step, step after the last one, highest smoothed score)
Run = tuple[int, int, int, float]


def smoothed(scores: np.ndarray, steps: int) -> np.ndarray:
    """The running median over `steps` (made odd) of `(steps, labels)`, with the ends repeated; the same shape."""
    half = min(steps // 2, len(scores))  # beyond all scores, the ends are as good as anything
    if not half:
        return scores
    padded = np.pad(scores, ((half, half), (0, 0)), mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0), axis=-1)


def find_runs(
    scores: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
    *,
    smoothing_steps: int = 0,
    max_gap_steps: int = 0,
    min_steps: int = 1,
    context_steps: int = 0,
) -> list[Run]:
    """Where each label is heard.

    Args:
        scores: `(steps, labels)`.
        on: `(labels,)`; a stretch counts if its smoothed score reaches this somewhere.
        off: `(labels,)`; a stretch goes on while its smoothed score is at least this.
        smoothing_steps: see `smoothed`.
        max_gap_steps: stretches that count are joined over this many steps or fewer.
        min_steps: shorter ones are dropped after that.
        context_steps: that many first steps are there to smooth the others by, and hold no run.

    Returns:
        by first step.
    """
    # A median is never above all of its values: labels that do not reach `on` before cannot after.
    candidates = np.flatnonzero((scores >= on).any(axis=0))
    tracks = smoothed(scores[:, candidates], smoothing_steps)[context_steps:]
    runs = []
    for label, track in zip(candidates.tolist(), tracks.T, strict=True):
        found = [run for run in _above(track, off[label]) if track[slice(*run)].max() >= on[label]]
        runs += [
            (label, first + context_steps, end + context_steps, float(track[first:end].max()))
            for first, end in _joined(found, max_gap_steps)
            if end - first >= min_steps
        ]
    return sorted(runs, key=lambda run: (run[1], -run[3], run[0]))


def cut_run(run: Run, max_steps: int | None) -> list[Run]:
    """The run, in pieces of at most that many steps; None for no limit. All have the score of the whole."""
    label, first, end, score = run
    if max_steps is None:
        return [run]
    return [(label, start, min(start + max_steps, end), score) for start in range(first, end, max_steps)]


def _above(track: np.ndarray, limit: float) -> Iterator[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], track >= limit, [0]]).astype(np.int8))
    return zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)


def _joined(runs: list[tuple[int, int]], max_gap: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, end in runs:
        if joined and first - joined[-1][1] <= max_gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return joined
