"""Signals made by rule and phrases of instruments, heard by Fourier's transform."""

import numpy as np
import pytest
from broad_head.instruments import VOICES, _score
from broad_head.signals import EXACT, RATE, signal

from whisper_at_hf.labels import audioset_labels


def spectrum(audio):
    return np.fft.rfftfreq(len(audio), 1 / RATE), np.abs(np.fft.rfft(audio)) ** 2


@pytest.mark.parametrize("label", EXACT)
def test_signals_are_drawn_from_their_seed_and_within_full_scale(label):
    one, again = (signal(label, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert one.dtype == np.float32 and 2 * RATE <= len(one) <= 9 * RATE
    assert 0.1 < np.abs(one).max() <= 0.31 and np.isfinite(one).all()


def test_a_telephone_sounds_by_the_book():
    """ITU-T Q.23: each moment of dialling has one of four low and one of three high tones."""
    hertz, power = spectrum(signal("Telephone dialing, DTMF", np.random.default_rng(1)))
    tones = np.array([697, 770, 852, 941, 1209, 1336, 1477])
    near = np.abs(hertz[:, None] - tones).min(axis=1) < 25
    assert power[near].sum() > 0.85 * power.sum()


def test_noises_have_their_colour():
    """As much power in every octave is pink, as much at every frequency is white."""
    octaves = [(500, 1000), (1000, 2000), (2000, 4000)]

    def powers(label):
        hertz, power = spectrum(signal(label, np.random.default_rng(2)))
        return np.array([power[(hertz >= low) & (hertz < high)].sum() for low, high in octaves])

    np.testing.assert_allclose(powers("White noise") / powers("White noise")[0], [1, 2, 4], rtol=0.1)
    np.testing.assert_allclose(powers("Pink noise") / powers("Pink noise")[0], [1, 1, 1], rtol=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_a_siren_rises_and_falls(seed):
    audio = signal("Siren", np.random.default_rng(seed))
    peaks = [spectrum(part)[0][spectrum(part)[1].argmax()] for part in np.split(audio[: 2 * RATE], 40)]
    assert max(peaks) / min(peaks) > 1.2


def test_voices_are_audiosets_and_play_what_they_can():
    assert {label for voice in VOICES for label in voice.labels} <= set(audioset_labels())
    for voice in VOICES:
        for seed in range(5):
            score = _score(voice, np.random.default_rng(seed))
            keys = {key for notes, _ in score for key, _ in notes}
            low, high = (min(voice.keys), max(voice.keys)) if voice.programs else (35, 77)
            assert keys and all(low <= key <= high for key in keys)
            assert 0.1 < sum(seconds for _, seconds in score) < 15
