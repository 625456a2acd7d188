"""Sound as the log-mel windows that Whisper's encoder reads."""

from collections.abc import Iterator

import numpy as np
import torch
from transformers import WhisperFeatureExtractor

from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from ..model.timeline import Span


def log_mel(
    extractor: WhisperFeatureExtractor, audio: np.ndarray, num_samples: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sound `(samples,)` as log-mel frames (10 ms), padded with silence to `num_samples` or cut there.

    Padded first, since the scale depends on the loudest frame of all. Within 12.5 ms of its two ends the extractor
    mirrors what it gets: a window that goes on in its file has to be cut out of more than itself, as `log_mel_windows`
    does.

    Returns:
        frames `(1, num_mel_bins, frames)` in float32, and a mask `(1, frames)`, 1 where there is sound.
    """
    values = extractor(
        audio,
        sampling_rate=extractor.sampling_rate,
        padding="max_length",
        max_length=num_samples,
        return_attention_mask=True,
        return_tensors="pt",
    )
    return values["input_features"], values["attention_mask"]


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
        features, mask = log_mel(extractor, audio[begin:end], end - begin)
        if dtype is not None:
            features = features.to(dtype=dtype)
        window = slice((start - begin) // hop, (start - begin) // hop + frames)
        yield {
            "is_last": start + length >= len(audio),
            "input_features": features[..., window],
            "attention_mask": mask[..., window],
            "span": Span(start * POSITIONS_PER_SECOND // extractor.sampling_rate),
        }
