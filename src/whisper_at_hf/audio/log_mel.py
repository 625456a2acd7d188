"""Sound as the log-mel windows that Whisper's encoder reads."""

from collections.abc import Iterator

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from ..model.timeline import Span


def log_mel_windows(
    extractor: WhisperFeatureExtractor, audio: np.ndarray, frames: int, dtype: torch.dtype | None
) -> Iterator[dict]:
    """A file in windows of `frames` mel frames (10 ms) side by side, the last one padded with silence.

    A little more than each window is computed: the extractor mirrors the audio at both ends of what it gets, where the
    file goes on or, in OpenAI's Whisper and so in the original Whisper-AT, silence follows.

    Args:
        audio: `(samples,)`.

    Yields:
        `input_features` `(1, num_mel_bins, frames)`, `attention_mask` `(1, frames)`, `span` and `is_last`.
    """
    hop = extractor.hop_length
    length, reach = frames * hop, -(-extractor.n_fft // 2 // hop) * hop
    for start in range(0, len(audio), length):
        begin, end = max(0, start - reach), start + length + hop
        features = extractor(
            audio[begin:end],
            sampling_rate=extractor.sampling_rate,
            padding="max_length",
            max_length=end - begin,
            return_attention_mask=True,
            return_tensors="pt",
        )
        if dtype is not None:
            features = features.to(dtype=dtype)
        window = slice((start - begin) // hop, (start - begin) // hop + frames)
        yield {
            "is_last": start + length >= len(audio),
            "input_features": features["input_features"][..., window],
            "attention_mask": features["attention_mask"][..., window],
            "span": Span(start * POSITIONS_PER_SECOND // extractor.sampling_rate),
        }
