"""Random changes of a clip's sound before it is encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class WaveformAugmentation:
    """Gain, noise and speech, drawn anew for each clip.

    Attributes:
        gain_db: largest change of level up or down, dB.
        noise_snr_db: half of the clips get white noise, that many dB below the clip or up to 30 dB less; None: none.
        speech: utterances, each `(samples,)` at 16 kHz; half of the clips get one mixed in.
        speech_snr_db: the sound's level over the speech's, drawn between minus and plus this, dB.
    """

    gain_db: float = 6.0
    noise_snr_db: float | None = None
    speech: Sequence[np.ndarray] = field(default_factory=list)
    speech_snr_db: float = 10.0

    def __call__(self, audio: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
        """`(samples,)` float32 to the same shape, and whether speech was mixed in."""
        with_speech = len(self.speech) > 0 and rng.random() < 0.5
        if with_speech:
            speech = self.speech[rng.integers(len(self.speech))]
            audio = mix_at_snr(audio, _fit(speech, len(audio), rng), rng.uniform(-1, 1) * self.speech_snr_db)
        if self.noise_snr_db is not None and rng.random() < 0.5:
            noise = rng.standard_normal(len(audio)).astype(np.float32)
            audio = mix_at_snr(audio, noise, self.noise_snr_db + 30 * rng.random())
        audio = audio * np.float32(10 ** (rng.uniform(-self.gain_db, self.gain_db) / 20))
        return audio / max(1.0, float(np.abs(audio).max(initial=0.0))), with_speech


def mix_at_snr(signal: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """`signal` plus `noise`, both `(samples,)`, with the noise scaled to lie `snr_db` dB below (mean power)."""
    noise_power = float((noise**2).mean())
    if noise_power == 0:
        return signal
    scale = np.sqrt(float((signal**2).mean()) / noise_power / 10 ** (snr_db / 10))
    return signal + noise * np.float32(scale)


def _fit(audio: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """A random stretch of `audio`, or all of it at a random place in silence."""
    if len(audio) >= samples:
        start = int(rng.integers(len(audio) - samples + 1))
        return audio[start : start + samples]
    start = int(rng.integers(samples - len(audio) + 1))
    return np.pad(audio, (start, samples - len(audio) - start))
