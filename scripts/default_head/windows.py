"""Decision windows out of encoded scenes: random ones to train on, fixed ones to validate on."""

from dataclasses import dataclass

import numpy as np
import torch

from .features import SceneStates

WINDOW_STEPS = 25  # 10 s
# A label counts from this much of it (seconds) in a window on; between nothing and this much, the window has no say.
LEAST_SECONDS = 0.25
SHORT_STEPS = 5  # 2 s, a finer resolution that users ask for


@dataclass
class Windows:
    """A batch of windows.

    Attributes:
        states: `(batch, layers, steps, width)` float32.
        targets: `(batch, 12)`, 1 where the label sounds.
        weights: `(batch, 12)`, 0 where a label sounds too briefly to call it present or absent.
    """

    states: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


def as_windows(states: np.ndarray, seconds: np.ndarray) -> Windows:
    """`(batch, layers, steps, width)` and `(batch, 12)` seconds that each label sounds, as a batch."""
    present = seconds >= LEAST_SECONDS
    certain = present | (seconds == 0)
    return Windows(*(torch.from_numpy(array.astype(np.float32)) for array in (states, present, certain)))


def aligned_windows(scenes: list[SceneStates]) -> Windows:
    """Every whole 10 s window that starts at a multiple of 10 s."""
    states, seconds = [], []
    for group in scenes:
        for start in range(0, group.states.shape[2] - WINDOW_STEPS + 1, WINDOW_STEPS):
            states.append(group.states[:, :, start : start + WINDOW_STEPS])
            seconds.append(group.activity[:, start : start + WINDOW_STEPS].sum(axis=1))
    return as_windows(np.concatenate(states), np.concatenate(seconds))


class WindowSampler:
    """Draws training windows as inference meets them."""

    def __init__(self, scenes: list[SceneStates], seed: int):
        self._scenes = scenes
        self._rng = np.random.default_rng(seed)
        # 30 s scenes are three windows long.
        sizes = np.array([len(group.states) * group.states.shape[2] for group in scenes], dtype=float)
        self._chances = sizes / sizes.sum()

    def batch(self, size: int) -> Windows:
        """`size` windows of one length: mostly 10 s, else 2 s or anything from one step on."""
        kind = self._rng.random()
        steps = (
            WINDOW_STEPS if kind < 0.75 else SHORT_STEPS if kind < 0.88 else int(self._rng.integers(1, WINDOW_STEPS))
        )
        states, seconds = zip(*(self._window(steps) for _ in range(size)), strict=True)
        return as_windows(np.stack(states), np.stack(seconds))

    def _window(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        states, activity = self._cut(steps)
        kind = self._rng.random()
        if steps > 1 and kind < 0.45:
            keep = int(self._rng.integers(1, steps))
            if kind < 0.35:
                # While decoding, Whisper's 30 s windows start anywhere: a tag window may join the end of one encoder
                # pass and the start of the next.
                others, other_activity = self._cut(steps)
            else:
                # Past the end of a file there are zeros.
                others, other_activity = np.zeros_like(states), np.zeros_like(activity)
            states = np.concatenate([states[:, :keep], others[:, keep:]], axis=1)
            activity = np.concatenate([activity[:keep], other_activity[keep:]])
        return states, activity.sum(axis=0)

    def _cut(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        group = self._scenes[self._rng.choice(len(self._scenes), p=self._chances)]
        scene = self._rng.integers(len(group.states))
        room = group.states.shape[2] - steps
        start = int(self._rng.integers(room + 1))
        if self._rng.random() < 0.5:
            start -= start % steps  # on the grid of the file
        return group.states[scene, :, start : start + steps], group.activity[scene, start : start + steps]
