"""Gain, noise and speech over sounds, measured in dB."""

import numpy as np
import pytest
from sounds import sine

from whisper_at_hf.training import WaveformAugmentation
from whisper_at_hf.training.augmentation import mix_at_snr

QUIET = 0.0  # dB of gain


def level(audio):
    """Mean power in dB."""
    return 10 * np.log10(np.mean(np.asarray(audio, dtype=np.float64) ** 2))


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def tone():
    return sine(1.0, amplitude=0.1)


@pytest.mark.parametrize("snr", [-20.0, -3.0, 0.0, 10.0, 40.0])
def test_the_measured_ratio_is_the_asked_one(tone, snr):
    noise = rng().standard_normal(len(tone)).astype(np.float32)
    mixed = mix_at_snr(tone, noise, snr)
    assert mixed.dtype == np.float32
    assert level(tone) - level(mixed - tone) == pytest.approx(snr, abs=0.05)


def test_silent_noise_changes_nothing(tone):
    assert mix_at_snr(tone, np.zeros_like(tone), 0.0) is tone


def test_gain_stays_within_its_range_and_uses_it(tone):
    change = WaveformAugmentation(gain_db=6.0)
    gains = [level(change(tone, rng(seed))[0]) - level(tone) for seed in range(200)]
    assert -6.01 <= min(gains) < -5 and 5 < max(gains) <= 6.01


def test_half_of_the_clips_get_noise_between_the_least_ratio_and_30_db_more(tone):
    change = WaveformAugmentation(QUIET, noise_snr_db=5.0)
    changed = [change(tone, rng(seed))[0] for seed in range(200)]
    ratios = [level(tone) - level(audio - tone) for audio in changed if not np.array_equal(audio, tone)]
    assert 70 < len(ratios) < 130
    assert 4.9 < min(ratios) < 10 and 30 < max(ratios) < 35.1


def test_half_of_the_clips_get_speech_and_say_so(tone):
    speech = sine(0.3, frequency=1000.0)
    change = WaveformAugmentation(QUIET, speech=[speech], speech_snr_db=10.0)
    results = [change(tone, rng(seed)) for seed in range(200)]
    assert all(with_speech != np.array_equal(audio, tone) for audio, with_speech in results)
    ratios = [level(tone) - level(audio - tone) for audio, with_speech in results if with_speech]
    assert 70 < len(ratios) < 130
    assert -10.1 < min(ratios) < -8 and 8 < max(ratios) < 10.1


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.5])
def test_speech_of_any_length_is_fitted_to_the_clip(tone, seconds):
    change = WaveformAugmentation(speech=[sine(seconds, frequency=1000.0)])
    for seed in range(5):
        audio, _ = change(tone, rng(seed))
        assert audio.shape == tone.shape and audio.dtype == np.float32 and np.isfinite(audio).all()


def test_nothing_is_clipped():
    loud = sine(1.0, amplitude=0.9)
    change = WaveformAugmentation(gain_db=20.0, noise_snr_db=0.0)
    for seed in range(20):
        audio, _ = change(loud, rng(seed))
        assert np.abs(audio).max() <= 1.0


def test_silence_stays_silent():
    change = WaveformAugmentation(gain_db=6.0, noise_snr_db=0.0)
    for seed in range(4):
        audio, _ = change(np.zeros(1000, np.float32), rng(seed))
        assert audio.shape == (1000,) and not audio.any()


def test_the_generator_decides_all(tone):
    change = WaveformAugmentation(noise_snr_db=0.0, speech=[sine(0.3)])
    one, same, other = (change(tone, rng(seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
