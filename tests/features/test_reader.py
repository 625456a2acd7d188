"""Features against `get_pooled_states` of the plain model on the stock feature extractor's output."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from sounds import RATE
from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.features import ClipReader
from whisper_at_hf.features.reader import cut_features

ROUNDING = {"rtol": 2e-3, "atol": 2e-3}


@pytest.fixture
def expected_states(whisper_folder):
    """`(layers, steps, width)` of audio padded with silence to so many seconds."""
    model = WhisperATForAudioClassification.from_whisper(whisper_folder).eval()
    extractor = WhisperFeatureExtractor.from_pretrained(whisper_folder)

    def states(audio, seconds):
        frames = extractor(
            audio, sampling_rate=RATE, padding="max_length", max_length=round(seconds * RATE), return_tensors="pt"
        )
        return model.get_pooled_states(frames["input_features"])[0].numpy()

    return states


def features_of(dataset, encoder, window, padding):
    """`(clips, layers, steps, width)` and the failures of all rows in one batch."""
    spec = encoder.spec(window, padding)
    made = ClipReader(dataset, encoder, spec)(range(len(dataset)))
    return cut_features(encoder(made.windows), made.cuts, spec), made


def test_trimmed_to_the_window(five_clips, encoder, expected_states):
    features, _ = features_of(five_clips, encoder, 1.2, "trim")
    for clip, row in zip(features, five_clips, strict=True):
        audio = load_audio(row["path"])[: round(1.2 * RATE)]
        np.testing.assert_allclose(clip, expected_states(audio, 1.2), **ROUNDING)


def test_padded_to_the_full_window(five_clips, encoder, expected_states):
    features, _ = features_of(five_clips, encoder, 1.2, "pad")
    for clip, row in zip(features, five_clips, strict=True):
        audio = load_audio(row["path"])[: round(1.2 * RATE)]
        np.testing.assert_allclose(clip, expected_states(audio, 2.0)[:, :3], **ROUNDING)


def segments(path, *bounds):
    return Dataset.from_list([{"path": path, "labels": [], "start": start, "end": end} for start, end in bounds])


@pytest.mark.parametrize("padding", ["trim", "pad"])
def test_a_segment_is_a_clip_of_its_own(make_clips, encoder, expected_states, padding):
    path = make_clips(5.0)[0]["path"]
    features, _ = features_of(segments(path, (1.3, 2.5), (4.5, None), (0.1, 0.4)), encoder, 1.2, padding)
    audio = load_audio(path)
    for clip, (start, end) in zip(features, [(1.3, 2.5), (4.5, 5.0), (0.1, 0.4)], strict=True):
        part = audio[round(start * RATE) : round(end * RATE)]
        full = expected_states(part, 1.2 if padding == "trim" else 2.0)
        np.testing.assert_allclose(clip, full[:, :3], **ROUNDING)


def test_context_is_the_window_of_the_file_around_the_segment(make_clips, encoder, expected_states):
    path = make_clips(5.0)[0]["path"]
    bounds = [(0.0, 1.2), (0.8, 2.0), (1.6, 2.8), (4.0, None), (0.4, 0.8), (4.8, 6.0)]
    features, made = features_of(segments(path, *bounds), encoder, 1.2, "context")
    extractor = encoder.feature_extractor
    # The pipeline computes the file's log-mel frames once, with one frame more than its 3 windows of 2 s have.
    frames = extractor(
        load_audio(path), sampling_rate=RATE, padding="max_length", max_length=6 * RATE + 160, return_tensors="pt"
    )
    with torch.no_grad():
        whole = encoder.model.get_pooled_states(frames["input_features"][..., :600])[0].numpy()  # 15 steps
    assert len(made.windows) == 3
    np.testing.assert_allclose(features[0], whole[:, 0:3], **ROUNDING)
    np.testing.assert_allclose(features[1], whole[:, 2:5], **ROUNDING)
    np.testing.assert_allclose(features[2], whole[:, 4:7], **ROUNDING)  # over the border of two windows
    np.testing.assert_allclose(features[3], whole[:, 10:13], **ROUNDING)
    np.testing.assert_allclose(features[4, :, :1], whole[:, 1:2], **ROUNDING)
    assert not features[4, :, 1:].any()
    np.testing.assert_allclose(features[5, :, :1], whole[:, 12:13], **ROUNDING)  # the file ends within this step
    assert not features[5, :, 1:].any()


def test_context_goes_on_with_silence_where_the_file_ends_with_its_window(make_clips, encoder):
    path = make_clips(2.0)[0]["path"]
    _, made = features_of(segments(path, (0.8, 2.0)), encoder, 1.2, "context")
    audio = np.pad(load_audio(path), (0, RATE))
    frames = encoder.feature_extractor(
        audio, sampling_rate=RATE, padding="max_length", max_length=3 * RATE, return_tensors="pt"
    )
    torch.testing.assert_close(made.windows[0], frames["input_features"][0, :, :200])


def test_context_encodes_only_windows_with_segments(make_clips, encoder):
    path = make_clips(9.0)[0]["path"]
    _, made = features_of(segments(path, (6.0, 7.2), (0.4, 1.6), (6.4, 7.6)), encoder, 1.2, "context")
    assert len(made.windows) == 2
    assert made.rows == [0, 1, 2]


@pytest.mark.parametrize("padding", ["trim", "pad", "context"])
def test_segments_without_sound_are_told(make_clips, encoder, padding):
    path = make_clips(1.0)[0]["path"]
    spec = encoder.spec(1.2, padding)
    dataset = segments(path, (0.0, 0.4), (1.2, 2.4), (-0.4, 0.8), (0.8, 0.4))
    made = ClipReader(dataset, encoder, spec)(range(4))
    assert made.rows == [0]
    assert made.failures[1] == "There is no sound from 1.2 s to 2.4 s in 1 s."
    assert sorted(made.failures) == [1, 2, 3]


def test_context_wants_segments_on_the_grid(make_clips, encoder):
    dataset = segments(make_clips(1.0)[0]["path"], (0.5, 0.9))
    made = ClipReader(dataset, encoder, encoder.spec(1.2, "context"))([0])
    assert made.failures == {0: "A start at 0.5 s is off the grid: use a multiple of 0.4 s."}


def test_a_file_is_read_once_for_neighbouring_segments(make_clips, encoder, monkeypatch):
    read = []
    monkeypatch.setattr(
        "whisper_at_hf.features.reader.load_audio", lambda *args: read.append(args) or load_audio(*args)
    )
    dataset = segments(make_clips(2.0)[0]["path"], (0.0, 0.4), (0.4, 0.8), (0.8, 1.2))
    ClipReader(dataset, encoder, encoder.spec(0.4))(range(3))
    assert len(read) == 1
