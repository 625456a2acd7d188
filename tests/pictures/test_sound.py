"""Sound in few columns, and in few bytes."""

import numpy as np
from sounds import RATE

from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.pictures import sound as module
from whisper_at_hf.pictures.sound import log_mel_columns, peaks, to_mp3


def test_peaks_are_the_loudest_of_each_column():
    samples = np.array([0.1, -0.4, 0.2, 0.2, -0.1, 0.0, 0.05], np.float32)
    np.testing.assert_allclose(peaks(samples, 4), [1, 0.5, 0.25, 0.125])
    np.testing.assert_allclose(peaks(samples, 100), np.abs(samples) / np.float32(0.4))
    assert peaks(np.zeros(5, np.float32), 2).tolist() == [0, 0]


def test_a_tone_is_where_its_frequency_is_marked(sound):
    mel, marked = log_mel_columns(sound, 100)
    assert mel.shape == (80, 100)
    assert mel[:, :49].argmax(axis=0).tolist() == [marked[0]] * 49
    assert (mel[:, 51:] == mel.min()).all() and mel.max() - mel.min() == 2


def test_no_window_shows_in_the_columns(monkeypatch):
    """Computed in windows, hours fit into memory; the picture is that of one window."""
    samples = np.random.default_rng(0).standard_normal(int(12.3 * RATE)).astype(np.float32)
    samples *= np.linspace(1, 1e-4, len(samples), dtype=np.float32)
    whole, _ = log_mel_columns(samples, 90)
    monkeypatch.setattr(module, "FRAMES_AT_A_TIME", 200)
    parts, _ = log_mel_columns(samples, 90)
    assert whole.shape == (80, 88)  # 1230 frames by 14
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_sound_shorter_than_a_frame():
    assert log_mel_columns(np.ones(1, np.float32), 100)[0].shape == (80, 1)
    assert 1 <= len(load_audio(to_mp3(np.ones(1, np.float32)))) < 1152  # a frame of MP3


def test_mp3_is_the_same_sound_at_the_same_time_and_small():
    samples = load_audio(sample_path())
    encoded = to_mp3(samples)
    assert len(encoded) < 4_200 * len(samples) / RATE
    decoded = load_audio(encoded)
    assert len(decoded) == len(samples)
    assert np.corrcoef(decoded, samples)[0, 1] > 0.95


def test_sound_beyond_full_scale_is_turned_down(sound):
    decoded = load_audio(to_mp3(300 * sound))
    assert 0.9 < np.abs(decoded).max() < 1.05
    assert np.corrcoef(decoded, sound)[0, 1] > 0.99
