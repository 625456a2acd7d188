"""Augmentation at random: of pooled features and their targets, and of the audio before it is encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch


def mixup(
    states: torch.Tensor, targets: torch.Tensor, rate: float, beta: float, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mix some rows with another row of the batch (Whisper-AT: rate 0.5, Beta(10, 10)).

    Args:
        states: `(batch, layers, steps, width)`.
        targets: `(batch, num_labels)` probabilities.
        rate: share of rows that are mixed.
        beta: parameter of the symmetric Beta distribution that the row's own share is drawn from.
        generator: of the CPU; draws rows and shares.

    Returns:
        Mixed states and targets, shapes unchanged.
    """
    batch = len(states)
    partners = torch.randperm(batch, generator=generator)
    # Two gamma variates make a beta one; unlike torch.distributions.Beta they can be drawn from a generator.
    gammas = torch._standard_gamma(torch.full((2, batch), beta), generator=generator)
    shares = gammas[0] / gammas.sum(dim=0)
    shares[torch.rand(batch, generator=generator) >= rate] = 1.0
    shares, partners = shares.to(states), partners.to(states.device)
    own = shares[:, None, None, None]
    states = own * states + (1 - own) * states[partners]
    own = shares[:, None].to(targets)
    return states, own * targets + (1 - own) * targets[partners]


def mask_time(states: torch.Tensor, most: int, generator: torch.Generator) -> torch.Tensor:
    """Zero a random span of 0 to `most` steps in each row of `(batch, layers, steps, width)`."""
    batch, _, steps, _ = states.shape
    lengths = (torch.rand(batch, generator=generator) * (min(most, steps) + 1)).long()
    starts = (torch.rand(batch, generator=generator) * (steps - lengths + 1)).long()
    places = torch.arange(steps)
    masked = (places >= starts[:, None]) & (places < (starts + lengths)[:, None])
    return states.masked_fill(masked.to(states.device)[:, None, :, None], 0.0)


def drop_steps(states: torch.Tensor, most: float, generator: torch.Generator) -> torch.Tensor:
    """Keep a random subset of the steps, the same in all rows, in order: `(batch, layers, kept steps, width)`.

    The share that is left out is drawn from 0 to `most`; at least one step is kept. A head that gets windows of all
    lengths learns no places, and works at finer resolutions than its own.
    """
    steps = states.shape[2]
    share = most * float(torch.rand((), generator=generator))
    kept = torch.randperm(steps, generator=generator)[: max(1, round(steps * (1 - share)))]
    return states[:, :, kept.sort().values.to(states.device)]


def smooth_labels(targets: torch.Tensor, factor: float) -> torch.Tensor:
    """Move `factor` of each target, `(batch, num_labels)`, evenly onto all labels."""
    return targets * (1 - factor) + factor / targets.shape[1]


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
