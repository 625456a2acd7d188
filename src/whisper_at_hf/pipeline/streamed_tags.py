"""Tag windows of sound that is still coming: each is tagged as soon as the encoder has passed its end."""

from typing import Any

import numpy as np
import torch

from ..model.tagging import count_windows, steps_per_hop, steps_per_window
from ..model.timeline import FRAMES_PER_POSITION, PooledWindow
from .options import TagOptions


class StreamedTags:
    """Holds the pooled states of tag windows that are not complete yet, and no others.

    Args:
        model: with heads.
        options: how to tag.
    """

    def __init__(self, model: Any, options: TagOptions):
        self.model = model
        self.options = options
        self._size = model.config.pooling_size
        self._step_seconds = model.get_head().config.step_seconds
        self._window = steps_per_window(options.at_time_res, self._step_seconds)
        self._hop = steps_per_hop(options.at_hop, options.at_time_res, self._step_seconds)
        self._rows_done = 0
        self._states: torch.Tensor | None = None

    def add(self, windows: list[PooledWindow], num_positions: int) -> dict[str, Any]:
        """Take the pooled states of the next stretch; gives the tags of the windows that it completes.

        Args:
            windows: as for `merge_windows`.
            num_positions: encoder positions (20 ms) from the start of the sound that are final now.

        Returns:
            As `TagOptions.tag`; `audio_tags` may be empty.
        """
        self._merge(windows)
        complete = num_positions // self._size
        return self._tag(max(0, (complete - self._window) // self._hop + 1) - self._rows_done, None)

    def finish(self, windows: list[PooledWindow], num_frames: int, num_steps: int, duration: float) -> dict[str, Any]:
        """Take the pooled states of the last stretch; gives the tags of the windows that are left.

        Args:
            windows: as for `merge_windows`.
            num_frames: mel frames (10 ms) of sound in all.
            num_steps: pooled steps that count.
            duration: seconds of sound in all.
        """
        self._merge(windows)
        self._states = self._states[:, : max(0, num_steps - self._first_step)]
        return self._tag(count_windows(num_frames, self._hop, self._step_seconds) - self._rows_done, duration)

    @property
    def _first_step(self) -> int:
        return self._rows_done * self._hop

    def _merge(self, windows: list[PooledWindow]) -> None:
        """Add states `(layers, steps, width)` from their first steps on; steps shared by two add up to the mean."""
        for first, pooled in windows:
            layers, steps, width = pooled.shape
            if self._states is None:
                self._states = pooled.new_zeros(layers, 0, width)
            # A window begins where the one before ended, and rows before that were complete: never negative.
            begin = first - self._first_step
            missing = begin + steps - self._states.shape[1]
            if missing > 0:
                self._states = torch.nn.functional.pad(self._states, (0, 0, 0, missing))
            self._states[:, begin : begin + steps] += pooled

    def _tag(self, count: int, duration: float | None) -> dict[str, Any]:
        """Tag the next `count` windows; the last one ends at `duration`, or where its window does."""
        if count < 1:
            return self._no_rows()
        seconds_per_step = self._step_seconds
        offset = self._first_step * seconds_per_step
        end = ((count - 1) * self._hop + self._window) * seconds_per_step if duration is None else duration - offset
        num_frames = count * self._hop * self._size * FRAMES_PER_POSITION
        result = self.options.tag(self.model, self._states, num_frames, end)
        self._rows_done += count
        self._states = self._states[:, count * self._hop :].clone()
        return _shifted(result, offset)

    def _no_rows(self) -> dict[str, Any]:
        """What `TagOptions.tag` gives, without any windows."""

        def logits(name: str) -> np.ndarray:
            return np.zeros((0, self.model.get_head(name).config.num_labels), np.float32)

        heads = self.options.heads
        result: dict[str, Any] = {"audio_tags": []}
        if heads:
            result["tags_by_head"] = {name: [] for name in heads}
        if self.options.return_logits:
            result["tag_logits"] = logits(self.model.config.default_head)
            if heads:
                result["tag_logits_by_head"] = {name: logits(name) for name in heads}
        return result


def _shifted(result: dict[str, Any], seconds: float) -> dict[str, Any]:
    def shift(rows: list[dict]) -> list[dict]:
        return [{**row, "timestamp": tuple(round(time + seconds, 3) for time in row["timestamp"])} for row in rows]

    shifted = {**result, "audio_tags": shift(result["audio_tags"])}
    if "tags_by_head" in result:
        shifted["tags_by_head"] = {name: shift(rows) for name, rows in result["tags_by_head"].items()}
    return shifted
