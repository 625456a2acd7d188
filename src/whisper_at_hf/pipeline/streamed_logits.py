"""Logits of tag windows of a file that comes in pieces, or in one: each as soon as the encoder has passed its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import WhisperFeatureExtractor

from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from ..model.onednn import LinearByOneDNN
from ..model.tagging import count_windows, steps_per_hop, steps_per_window
from ..model.timeline import FRAMES_PER_POSITION, PooledTimeline, PooledWindow


@dataclass
class TaggedStretch:
    """Tag windows that follow each other.

    Attributes:
        first_window: which window of the file the first one is.
        end: seconds from the start of the file to the end of the last one.
        logits: by head, `(windows, num_labels)`; there may be no windows.
    """

    first_window: int
    end: float
    logits: dict[str, torch.Tensor]


class StreamedLogits:
    """Holds the pooled states of tag windows that are not complete yet, and no others.

    Args:
        model: with heads.
        heads: the names of those to run.
        at_time_res, at_hop: seconds of a tag window, and from the start of one to the next, as in the pipeline's call.
        extractor: of the sound that the windows were made from.
    """

    def __init__(
        self,
        model: Any,
        heads: Sequence[str],
        at_time_res: float,
        at_hop: float | None,
        extractor: WhisperFeatureExtractor,
    ):
        self.model, self.heads, self.extractor = model, heads, extractor
        self.at_time_res, self.at_hop = at_time_res, at_hop
        self._size = model.config.pooling_size
        self._step_seconds = model.get_head().config.step_seconds
        self._window = steps_per_window(at_time_res, self._step_seconds)
        self._hop = steps_per_hop(at_hop, at_time_res, self._step_seconds)
        self._rows_done = 0
        self._timeline = PooledTimeline()

    def add(self, windows: Sequence[PooledWindow], num_samples: int) -> TaggedStretch:
        """Take the pooled states of the next stretch; gives the logits of the tag windows that it completes.

        Args:
            windows: the encoder's, on the grid of the file.
            num_samples: samples from the start of the sound that are final now.
        """
        self._timeline.add(windows)
        complete = num_samples * POSITIONS_PER_SECOND // self.extractor.sampling_rate // self._size
        count = max(0, (complete - self._window) // self._hop + 1) - self._rows_done
        last = self._rows_done + count - 1
        return self._run(count, (last * self._hop + self._window) * self._step_seconds)

    def finish(self, windows: Sequence[PooledWindow], num_samples: int) -> TaggedStretch:
        """Take the pooled states of the last stretch; gives the logits of the tag windows that are left.

        Args:
            windows: as for `add`.
            num_samples: samples of sound in all.
        """
        num_frames = num_samples // self.extractor.hop_length
        self._timeline.add(windows)
        self._timeline.end_at(self._count_steps(num_frames))
        count = count_windows(num_frames, self._hop, self._step_seconds) - self._rows_done
        return self._run(count, num_samples / self.extractor.sampling_rate)

    def _count_steps(self, num_frames: int) -> int:
        """Pooled steps (0.4 s) that count in a file of `num_frames` mel frames (10 ms).

        A short file keeps the steps of the silence that fills its 30 s window, as in the original package.
        """
        return -(-max(num_frames, self.extractor.nb_max_frames) // (self._size * FRAMES_PER_POSITION))

    def _run(self, count: int, end: float) -> TaggedStretch:
        """The logits of the next `count` windows, the last of which ends at `end` (seconds)."""
        first = self._rows_done
        if count < 1:
            none = {name: torch.zeros(0, self.model.get_head(name).config.num_labels) for name in self.heads}
            return TaggedStretch(first, end, none)
        num_frames = count * self._hop * self._size * FRAMES_PER_POSITION
        states = self._timeline.states
        with LinearByOneDNN():
            logits = {
                name: self.model.get_tag_logits(states, num_frames, self.at_time_res, name, self.at_hop)
                for name in self.heads
            }
        self._rows_done += count
        self._timeline.drop_before(self._rows_done * self._hop)
        return TaggedStretch(first, end, logits)
