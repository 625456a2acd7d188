"""Tags of a file that comes in pieces, or in one: each window's as soon as the encoder has passed its end."""

from collections.abc import Sequence
from typing import Any

from transformers import WhisperFeatureExtractor

from ..model.timeline import PooledWindow
from .options import TagOptions
from .streamed_logits import StreamedLogits, TaggedStretch


class StreamedTags:
    """Tags as some options say.

    Args:
        model: with heads.
        options: how to tag.
        extractor: of the sound that the windows were made from.
    """

    def __init__(self, model: Any, options: TagOptions, extractor: WhisperFeatureExtractor):
        self.model, self.options = model, options
        heads = options.used_heads(model)
        self._logits = StreamedLogits(model, heads, options.at_time_res, options.at_hop, extractor)

    def add(self, windows: Sequence[PooledWindow], num_samples: int) -> dict[str, Any]:
        """The tags of the windows that the next stretch completes, see `StreamedLogits.add`; there may be none."""
        return self._result(self._logits.add(windows, num_samples))

    def finish(self, windows: Sequence[PooledWindow], num_samples: int) -> dict[str, Any]:
        """The tags of the windows that are left after the last stretch, see `StreamedLogits.finish`."""
        return self._result(self._logits.finish(windows, num_samples))

    def _result(self, stretch: TaggedStretch) -> dict[str, Any]:
        return self.options.result(self.model, stretch.logits, stretch.end, stretch.first_window)
