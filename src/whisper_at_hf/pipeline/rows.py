"""From samples to rows: log-mel windows, each with its place in its file, for the pipeline's forward pass."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from ..audio.log_mel import log_mel_windows
from ..audio.windows import AudioWindow
from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from ..model.timeline import Span

# Full scale is 1. Quieter than three steps of 16-bit audio is digital silence, to which Whisper says "you".
_SILENCE = 1e-4


@dataclass
class FileState:
    """What the windows of a file have in common: the token of the language found in the first one."""

    language_id: int | None = None


def window_row(
    extractor: WhisperFeatureExtractor, window: AudioWindow, file: FileState, frames: int, dtype: torch.dtype | None
) -> dict:
    """One window, cut at pauses, as a row.

    Args:
        file: shared by the file's windows.

    Returns:
        As `log_mel_windows`, with `bounds`, seconds from the start of the file; `num_positions`, the encoder positions
        (20 ms) that hold sound; `is_silent`; and `is_long`, whether the file has other windows.
    """
    (row,) = log_mel_windows(extractor, window.samples, frames, dtype)
    per_position = extractor.sampling_rate // POSITIONS_PER_SECOND
    origin, length = window.start // per_position, -(-len(window.samples) // per_position)
    # Nothing follows the last window, so that the silence which fills it counts, as in the original package.
    row["span"] = Span(origin, origin, None if window.is_last else origin + length)
    row["is_last"], row["is_long"] = window.is_last, window.start > 0 or not window.is_last
    end = window.start + len(window.samples)
    row["bounds"] = (window.start / extractor.sampling_rate, end / extractor.sampling_rate)
    row["is_silent"] = bool(np.abs(window.samples).max() < _SILENCE)
    return {**row, "num_positions": length, "file": file}


def strided_rows(items: Iterable[dict], sampling_rate: int) -> Iterator[dict]:
    """The stock pipeline's chunks, which overlap, with the part of the file that each one covers best."""
    kept_until = 0
    for item in items:
        span = Span()
        if "stride" in item:
            span, kept_until = _span(item["stride"], kept_until, sampling_rate)
        yield {**item, "span": span}


def _span(stride: tuple[int, int, int], kept_until: int, sampling_rate: int) -> tuple[Span, int]:
    """Where a chunk lies in its file; `kept_until` is the sample up to which the chunks before it count."""
    length, left, right = stride
    per_position = sampling_rate / POSITIONS_PER_SECOND
    origin, kept = kept_until - left, kept_until - left + length - right
    begin, end = (round(sample / per_position) for sample in (kept_until, kept))
    # Nothing follows the last row, so that it may count up to the end of its window.
    return Span(round(origin / per_position), begin, end if right else None), kept
