"""Noise of any colour."""

import numpy as np

from .material import SAMPLING_RATE


def coloured_noise(samples: int, slope: float, rng: np.random.Generator) -> np.ndarray:
    """`(samples,)` at 16 kHz; its amplitude falls as `1 / frequency ** slope` from 20 Hz on: 0 is white, 0.5 pink."""
    hertz = np.fft.rfftfreq(samples, 1 / SAMPLING_RATE)
    white = np.fft.rfft(rng.standard_normal(samples))
    return np.fft.irfft(white * np.maximum(hertz, 20.0) ** -slope, samples)
