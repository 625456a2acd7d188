"""Sound as pictures need it: no more columns than there is room for, and as a small file that browsers play."""

import io

import numpy as np

from ..audio.log_mel import log_mel_windows

SAMPLING_RATE = 16_000  # Hz, of all samples here
FRAMES_PER_SECOND = 100
# Mel frames computed at a time, which bounds the memory that hours of sound take.
FRAMES_AT_A_TIME = 3_000
# What lies further below the loudest spot is black: 80 dB, in units of the log-mel spectrogram, as Whisper has it.
LOG_MEL_RANGE = 2.0
# The frequencies that are marked beside it.
MARKED_KILOHERTZ = (1, 2, 4)
# Bits a second. Speech of 8 kHz bandwidth stays clear; an hour is 14 MB.
BIT_RATE = 32_000
# LAME's quicker half: twice the speed, and no less like the original.
ENCODING = {"compression_level": "7"}


def peaks(samples: np.ndarray, columns: int) -> np.ndarray:
    """The loudest sample, 0 to 1 of the loudest of all, in at most so many columns side by side.

    Args:
        samples: `(samples,)`.
    """
    starts = np.arange(0, len(samples), -(-len(samples) // columns))
    heights = np.maximum(np.maximum.reduceat(samples, starts), -np.minimum.reduceat(samples, starts))
    return heights / max(float(heights.max()), np.finfo(np.float32).tiny)


def log_mel_columns(samples: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Whisper's log-mel spectrogram in at most so many columns, each the loudest frames of its time.

    Returns:
        `(80, columns)`, and the bins of `MARKED_KILOHERTZ`.
    """
    from transformers import WhisperFeatureExtractor

    extractor = WhisperFeatureExtractor()
    per_column = -(-len(samples) * FRAMES_PER_SECOND // SAMPLING_RATE // columns) or 1
    frames = per_column * -(-FRAMES_AT_A_TIME // per_column)
    windows = [
        window["input_features"][0].numpy().reshape(extractor.feature_size, -1, per_column).max(axis=2)
        for window in log_mel_windows(extractor, samples, frames, None)
    ]
    whole = -(-len(samples) * FRAMES_PER_SECOND // SAMPLING_RATE // per_column) or 1
    mel = np.concatenate(windows, axis=1)[:, :whole]
    hertz = np.linspace(0, SAMPLING_RATE / 2, len(extractor.mel_filters))
    marked = np.searchsorted(hertz, 1000 * np.array(MARKED_KILOHERTZ))
    return np.maximum(mel, mel.max() - LOG_MEL_RANGE), extractor.mel_filters[marked].argmax(axis=1)


def to_mp3(samples: np.ndarray) -> bytes:
    """A mono MP3 file, which every browser plays. Samples beyond full scale are turned down, all alike."""
    import av

    loudest = max(1.0, float(np.abs(samples).max()))
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        stream = container.add_stream(
            "libmp3lame", rate=SAMPLING_RATE, layout="mono", bit_rate=BIT_RATE, options=ENCODING
        )
        for begin in range(0, len(samples), SAMPLING_RATE):
            block = (samples[None, begin : begin + SAMPLING_RATE] / loudest).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = SAMPLING_RATE, begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()
