"""Mixtures have exactly the ratio asked for, whatever the lengths and levels."""

import numpy as np
import pytest
from sounds import RATE, sine

from whisper_at_hf.analysis.robustness.mixing import fit_noise, is_silent, mix
from whisper_at_hf.errors import InputError


def rng(seed=0):
    return np.random.default_rng(seed)


def noise_of(seconds, seed=1, level=0.1):
    return (level * rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def measured(mixture, speech, noise):
    """Speech over noise in dB, from how much of each least squares finds in the mixture."""
    parts = np.stack([speech, noise], axis=1).astype(np.float64)
    (a, b), *_ = np.linalg.lstsq(parts, mixture.astype(np.float64), rcond=None)
    assert np.abs(parts @ (a, b) - mixture).max() < 1e-4 * np.abs(mixture).max()  # nothing else in it
    return 10 * np.log10((a**2 * (parts[:, 0] ** 2).mean()) / (b**2 * (parts[:, 1] ** 2).mean()))


@pytest.mark.parametrize("snr", [40.0, 20.0, 3.7, 0.0, -5.0, -20.0, -30.0])
@pytest.mark.parametrize("seconds", [0.3, 1.0])
@pytest.mark.parametrize("level", [1e-3, 0.1, 0.9])
def test_the_measured_ratio_is_the_asked_one(snr, seconds, level):
    speech, noise = sine(1.0, amplitude=0.3), noise_of(seconds, level=level)
    mixture = mix(speech, noise, snr, rng())
    looped = np.concatenate([noise] * 4)[: len(speech)]
    assert mixture.dtype == np.float32 and mixture.shape == speech.shape
    assert measured(mixture, speech, looped) == pytest.approx(snr, abs=0.01)


def test_the_level_of_a_cut_noise_is_that_of_the_stretch_that_is_mixed():
    speech = sine(0.5, amplitude=0.3)
    # Ten times louder in its second half: the whole clip's level would be wrong everywhere.
    noise = noise_of(4.0)
    noise[len(noise) // 2 :] *= 10
    for seed in range(5):
        stretch = fit_noise(noise, len(speech), rng(seed))
        assert measured(mix(speech, noise, 5.0, rng(seed)), speech, stretch) == pytest.approx(5.0, abs=0.01)


def test_silence_inside_a_looped_clip_counts():
    speech = sine(1.0, amplitude=0.03)
    noise = np.concatenate([noise_of(0.1), np.zeros(round(0.4 * RATE), np.float32)])
    mixture = mix(speech, noise, 0.0, rng())
    added = mixture - speech
    assert measured(mixture, speech, np.resize(noise, len(speech))) == pytest.approx(0.0, abs=0.01)
    # A fifth of the time, hence five times the power: 7 dB louder while it lasts.
    assert 10 * np.log10((added[: round(0.1 * RATE)] ** 2).mean() / (speech**2).mean()) == pytest.approx(7.0, abs=0.5)


@pytest.mark.parametrize("snr", [0.0, -20.0])
def test_loud_mixtures_stay_within_full_scale_with_the_same_ratio(snr):
    speech, noise = sine(1.0, amplitude=0.95), noise_of(1.0)
    mixture = mix(speech, noise, snr, rng())
    assert np.abs(mixture).max() == pytest.approx(1.0, abs=1e-6)
    assert measured(mixture, speech, noise) == pytest.approx(snr, abs=0.01)


def test_soft_mixtures_keep_the_speech_as_it_is():
    speech, noise = sine(1.0, amplitude=0.1), noise_of(1.0)
    gain = np.sqrt((speech.astype(float) ** 2).mean() / (noise.astype(float) ** 2).mean() / 10 ** (10 / 10))
    assert np.allclose(mix(speech, noise, 10.0, rng()), speech + gain * noise, atol=1e-6)


def test_a_short_noise_is_looped_from_its_start():
    noise = np.arange(1, 4, dtype=np.float32)
    assert fit_noise(noise, 8, rng()).tolist() == [1, 2, 3, 1, 2, 3, 1, 2]
    assert fit_noise(noise, 3, rng()).tolist() == [1, 2, 3]


def test_of_a_long_noise_a_stretch_is_drawn_by_seed():
    noise = np.arange(1, 1001, dtype=np.float32)
    stretches = [fit_noise(noise, 10, rng(seed)) for seed in (0, 0, 1, 2, 3)]
    assert np.array_equal(stretches[0], stretches[1])
    assert len({stretch[0] for stretch in stretches}) == 4
    for stretch in stretches:
        assert np.array_equal(np.diff(stretch), np.ones(9))


def test_a_silent_stretch_is_never_taken_from_a_noise_that_sounds():
    noise = np.zeros(100_000, np.float32)
    noise[70_000:70_010] = 0.5
    for seed in range(20):
        assert not is_silent(fit_noise(noise, 1000, rng(seed)))


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_has_no_ratio(level):
    silence = np.full(RATE, level, np.float32)
    with pytest.raises(InputError, match="The speech is silent"):
        mix(silence, noise_of(1.0), 0.0, rng())
    with pytest.raises(InputError, match="The noise is silent"):
        mix(sine(1.0), silence, 0.0, rng())
