"""Log-mel frames: one way for training and for serving, and windows that are the file's own frames."""

import numpy as np
import pytest
import soundfile
import torch
from datasets import Dataset
from sounds import RATE
from transformers import WhisperFeatureExtractor

from whisper_at_hf.audio.log_mel import log_mel, log_mel_windows
from whisper_at_hf.audio.windows import AudioWindow
from whisper_at_hf.decoding.window import SoundFile
from whisper_at_hf.features import ClipReader, load_encoder
from whisper_at_hf.pipeline.file_windows import window_at_pauses, windows_side_by_side

FRAMES = 200  # of a window of 2 s, as the tiny model's
HOP = 160


@pytest.fixture
def extractor():
    return WhisperFeatureExtractor(feature_size=8, chunk_length=2)


def noise(seconds, seed=0):
    """One second of noise with a click in it, again and again, so that every window has the same loudest frame."""
    second = np.random.default_rng(seed).normal(0, 0.01, RATE).astype(np.float32)
    second[RATE // 4] = 1.0
    return np.resize(second, round(seconds * RATE))


@pytest.mark.parametrize("seconds", [0.6, 2.0, 3.6, 5.7])
def test_windows_hold_what_the_extractor_says_of_the_whole_file(extractor, seconds):
    audio = noise(seconds)
    count = -(-len(audio) // (FRAMES * HOP))
    # Silence follows the file, as in the original: the extractor's mirror image lies behind the last window.
    padded = np.pad(audio, (0, (count * FRAMES + 10) * HOP - len(audio)))
    whole = extractor(padded, sampling_rate=RATE, padding=False, truncation=False, return_tensors="pt")[
        "input_features"
    ]
    windows = list(log_mel_windows(extractor, audio, FRAMES, None))
    assert [window["is_last"] for window in windows] == [False] * (count - 1) + [True]
    assert [window["span"].origin for window in windows] == [100 * index for index in range(count)]
    frames = torch.cat([window["input_features"] for window in windows], dim=-1)
    torch.testing.assert_close(frames, whole[..., : count * FRAMES], atol=2e-6, rtol=0)
    sounding = torch.cat([window["attention_mask"] for window in windows], dim=-1).sum().item()
    assert sounding == pytest.approx(len(audio) / HOP, abs=1)


def test_they_come_in_the_precision_asked_for(extractor):
    (exact,) = log_mel_windows(extractor, noise(1), FRAMES, None)
    (half,) = log_mel_windows(extractor, noise(1), FRAMES, torch.bfloat16)
    assert torch.equal(half["input_features"], exact["input_features"].bfloat16())


def test_shorter_sound_is_padded_and_longer_sound_cut(extractor):
    frames, mask = log_mel(extractor, noise(1), 2 * RATE)
    assert frames.shape == (1, 8, FRAMES) and mask.sum() == 100
    frames, mask = log_mel(extractor, noise(3), 2 * RATE)
    assert frames.shape == (1, 8, FRAMES) and mask.sum() == FRAMES


@pytest.mark.parametrize("seconds", [0.3, 1.2, 1.9])
def test_a_head_is_trained_on_the_very_frames_that_it_is_asked_about(extractor, whisper_folder, tmp_path, seconds):
    """The frames of a clip that fits into a window, bit by bit: of files, of streams, and of training's reader."""
    audio, file = noise(seconds), SoundFile()
    (served,) = windows_side_by_side(extractor, audio, file, FRAMES, None)
    streamed = window_at_pauses(extractor, AudioWindow(0, audio, is_last=True), file, FRAMES, None)
    assert torch.equal(served.input_features, streamed.input_features)
    encoder = load_encoder(whisper_folder)
    path = tmp_path / "clip.wav"
    soundfile.write(path, audio, RATE, subtype="FLOAT")
    dataset = Dataset.from_list([{"path": str(path), "labels": []}])
    for padding in ("pad", "context"):
        read = ClipReader(dataset, encoder, encoder.spec(2.0, padding))([0])
        assert torch.equal(read.windows[0], served.input_features[0]), padding
