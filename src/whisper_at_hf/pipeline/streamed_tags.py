"""Tag windows of a file that comes in pieces, or in one: each is tagged as soon as the encoder has passed its end."""

from collections.abc import Sequence
from typing import Any

from transformers import WhisperFeatureExtractor

from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from ..model.tagging import count_windows, steps_per_hop, steps_per_window
from ..model.timeline import FRAMES_PER_POSITION, PooledTimeline, PooledWindow
from .options import TagOptions


class StreamedTags:
    """Holds the pooled states of tag windows that are not complete yet, and no others.

    Args:
        model: with heads.
        options: how to tag.
        extractor: of the sound that the windows were made from.
    """

    def __init__(self, model: Any, options: TagOptions, extractor: WhisperFeatureExtractor):
        self.model = model
        self.options = options
        self.extractor = extractor
        self._size = model.config.pooling_size
        self._step_seconds = model.get_head().config.step_seconds
        self._window = steps_per_window(options.at_time_res, self._step_seconds)
        self._hop = steps_per_hop(options.at_hop, options.at_time_res, self._step_seconds)
        self._rows_done = 0
        self._timeline = PooledTimeline()

    def add(self, windows: Sequence[PooledWindow], num_samples: int) -> dict[str, Any]:
        """Take the pooled states of the next stretch; gives the tags of the windows that it completes.

        Args:
            windows: the encoder's, on the grid of the file.
            num_samples: samples from the start of the sound that are final now.

        Returns:
            As `TagOptions.tag`; `audio_tags` may be empty.
        """
        self._timeline.add(windows)
        complete = num_samples * POSITIONS_PER_SECOND // self.extractor.sampling_rate // self._size
        count = max(0, (complete - self._window) // self._hop + 1) - self._rows_done
        last = self._rows_done + count - 1
        return self._tag(count, (last * self._hop + self._window) * self._step_seconds)

    def finish(self, windows: Sequence[PooledWindow], num_samples: int) -> dict[str, Any]:
        """Take the pooled states of the last stretch; gives the tags of the windows that are left.

        Args:
            windows: as for `add`.
            num_samples: samples of sound in all.
        """
        num_frames = num_samples // self.extractor.hop_length
        self._timeline.add(windows)
        self._timeline.end_at(self._count_steps(num_frames))
        count = count_windows(num_frames, self._hop, self._step_seconds) - self._rows_done
        return self._tag(count, num_samples / self.extractor.sampling_rate)

    def _count_steps(self, num_frames: int) -> int:
        """Pooled steps (0.4 s) that count in a file of `num_frames` mel frames (10 ms).

        A short file keeps the steps of the silence that fills its 30 s window, as in the original package.
        """
        return -(-max(num_frames, self.extractor.nb_max_frames) // (self._size * FRAMES_PER_POSITION))

    def _tag(self, count: int, end: float) -> dict[str, Any]:
        """Tag the next `count` windows; the last one ends at `end`, seconds from the start of the file."""
        if count < 1:
            return self.options.no_tags(self.model)
        num_frames = count * self._hop * self._size * FRAMES_PER_POSITION
        result = self.options.tag(self.model, self._timeline.states, num_frames, end, self._rows_done)
        self._rows_done += count
        self._timeline.drop_before(self._rows_done * self._hop)
        return result
