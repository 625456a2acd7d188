"""Sounds of known place are tagged where they are, in files longer than Whisper's 30 s."""

import numpy as np
import pytest

from whisper_at_hf.audio import load_audio

pytestmark = [pytest.mark.real, pytest.mark.data]

RATE = 16000


@pytest.fixture(scope="module")
def speech_90s(speech):
    """90 s of speakers that the head was not trained on."""
    held_out = sorted({row["speaker"] for row in speech}, key=int)[-4:]
    clips = [load_audio(row["file"]) for row in speech if row["speaker"] in held_out]
    return np.concatenate(clips)[: 90 * RATE]


def _with_sound(speech, sound, start, end, snr=0.0):
    """`sound` looped over `start`..`end` seconds, at `snr` dB against the speech there."""
    mixed = speech.copy()
    part = slice(start * RATE, end * RATE)
    looped = np.resize(sound, (end - start) * RATE)
    gain = np.sqrt((mixed[part] ** 2).mean() / (looped**2).mean()) * 10 ** (snr / 20)
    mixed[part] += gain * looped
    return mixed / max(1.0, np.abs(mixed).max())


def _rows_with(result, label):
    return [w["timestamp"] for w in result["audio_tags"] if any(tag["label"] == label for tag in w["tags"])]


def test_rain_is_in_its_row_and_in_no_other(pipe, speech_90s, esc10):
    rain = next(row for row in esc10 if row["label"] == "rain" and row["fold"] == "5")
    audio = _with_sound(speech_90s, load_audio(rain["file"]), 50, 60)
    result = pipe(audio, return_timestamps=True, top_k=None)
    assert _rows_with(result, "Rain") == [(50.0, 60.0)]
    assert len(_rows_with(result, "Speech")) == 9
    assert _rows_with(pipe(audio, return_text=False, top_k=None), "Rain") == [(50.0, 60.0)]


def test_noise_moves_the_logits_of_its_own_time_only(pipe, speech_90s):
    """White noise at 40-44 s: at 2 s a row the largest changes are there; far rows of other windows do not move."""
    noise = np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32)
    options = {"at_time_res": 2, "return_logits": True, "return_text": False}
    change = np.abs(
        pipe(_with_sound(speech_90s, noise, 40, 44), **options)["tag_logits"]
        - pipe(speech_90s, **options)["tag_logits"]
    ).mean(axis=1)
    assert set(np.argsort(change)[-2:]) == {20, 21}
