"""Speech with a sound in its background, at an exact signal-to-noise ratio."""

import numpy as np

from ...errors import InputError
from ...training.augmentation import mix_at_snr

# Mean power below which a clip counts as silent: one step of 16-bit sound, -90 dB of full scale. What is amplified
# from there on is rounding, not sound.
SILENT_POWER = 2.0**-30
# Random stretches of a long noise to try before the one around its loudest sample is taken.
_TRIES = 10


def mix(speech: np.ndarray, noise: np.ndarray, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """`speech` plus `noise`, the noise's level being `snr_db` below the speech's.

    Levels are mean powers: the speech's over its whole length, the noise's over the stretch that is really mixed in
    (looped or cut), the silence in it included. So the ratio is exact, but a short bark in a clip that is otherwise
    silent is louder, while it lasts, than steady rain. The paper's script takes the noise's power over the whole clip
    instead (https://github.com/YuanGongND/whisper-at, gen_noisy_speech.py), before it is looped or cut.

    Args:
        speech: `(samples,)` float32.
        noise: `(samples,)` float32 of any length, at the same rate; see `fit_noise`.
        snr_db: dB; negative where the noise is louder.
        rng: draws the stretch of a noise that is longer than the speech.

    Returns:
        `(samples,)` float32, as long as the speech. Where the sum would pass full scale, both are made softer
        together, which leaves their ratio as it is.

    Raises:
        InputError: the speech or the noise is silent: no level has the ratio asked for.
    """
    if is_silent(speech):
        raise InputError("The speech is silent, so it has no signal-to-noise ratio; leave this clip out.")
    if is_silent(noise):
        raise InputError("The noise is silent, so it has no signal-to-noise ratio; leave this clip out.")
    mixture = mix_at_snr(speech, fit_noise(noise, len(speech), rng), snr_db)
    return mixture / np.float32(max(1.0, np.abs(mixture).max()))


def fit_noise(noise: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """`noise` with that many samples: a shorter one from its start in a loop, of a longer one a random stretch.

    A stretch of silence is drawn again, and given up for the one around the loudest sample after ten tries.
    """
    if len(noise) <= samples:
        return np.resize(noise, samples)
    last = len(noise) - samples
    for _ in range(_TRIES):
        start = int(rng.integers(last + 1))
        if not is_silent(noise[start : start + samples]):
            return noise[start : start + samples]
    start = int(np.clip(np.abs(noise).argmax() - samples // 2, 0, last))
    return noise[start : start + samples]


def is_silent(audio: np.ndarray) -> bool:
    """Whether the mean power of `(samples,)` is too low to be sound, see `SILENT_POWER`."""
    return float(np.mean(np.square(audio, dtype=np.float64))) < SILENT_POWER
