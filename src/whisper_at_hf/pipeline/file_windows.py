"""From the samples of a file to its windows: log-mel frames, each with its place in the file."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from ..audio.log_mel import log_mel_windows
from ..audio.windows import AudioWindow
from ..decoding.window import SoundFile, Window
from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from ..model.timeline import Span

# Full scale is 1. Quieter than three steps of 16-bit audio is digital silence, to which Whisper says "you".
_SILENCE = 1e-4


def windows_side_by_side(
    extractor: WhisperFeatureExtractor, audio: np.ndarray, file: SoundFile, frames: int, dtype: torch.dtype | None
) -> Iterator[Window]:
    """A whole file, `audio` `(samples,)`, in windows of `frames` mel frames (10 ms)."""
    for values in log_mel_windows(extractor, audio, frames, dtype):
        yield Window(file=file, **values)


def window_at_pauses(
    extractor: WhisperFeatureExtractor, part: AudioWindow, file: SoundFile, frames: int, dtype: torch.dtype | None
) -> Window:
    """A part of a file that was cut at pauses, as a window of `frames` mel frames, the rest of them silence."""
    (values,) = log_mel_windows(extractor, part.samples, frames, dtype)
    rate = extractor.sampling_rate
    per_position = rate // POSITIONS_PER_SECOND
    origin, length = part.start // per_position, -(-len(part.samples) // per_position)
    return Window(
        input_features=values["input_features"],
        attention_mask=values["attention_mask"],
        # Nothing follows the last window, so that the silence which fills it counts, as in the original package.
        span=Span(origin, origin, None if part.is_last else origin + length),
        file=file,
        is_last=part.is_last,
        bounds=(part.start / rate, (part.start + len(part.samples)) / rate),
        num_positions=length,
        is_silent=bool(np.abs(part.samples).max() < _SILENCE),
    )


def strided_windows(items: Iterable[dict], file: SoundFile, sampling_rate: int) -> Iterator[Window]:
    """The stock pipeline's chunks, which overlap, with the part of the file that each one covers best."""
    kept_until = 0
    for item in items:
        span, stride = Span(), item.get("stride")
        if stride is not None:
            span, kept_until = _span(stride, kept_until, sampling_rate)
        features, mask = item["input_features"], item["attention_mask"]
        yield Window(features, mask, span, file, is_last=item["is_last"], stride=stride)


def _span(stride: tuple[int, int, int], kept_until: int, sampling_rate: int) -> tuple[Span, int]:
    """Where a chunk lies in its file; `kept_until` is the sample up to which the chunks before it count."""
    length, left, right = stride
    per_position = sampling_rate / POSITIONS_PER_SECOND
    origin, kept = kept_until - left, kept_until - left + length - right
    begin, end = (round(sample / per_position) for sample in (kept_until, kept))
    # Nothing follows the last chunk, so that it may count up to the end of its window.
    return Span(round(origin / per_position), begin, end if right else None), kept
