"""Tags without text: short windows through the encoder, whatever the file's length, and no decoder."""

import numpy as np
import pytest
import torch
from sounds import RATE, sine
from tiny import head_config, tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.model.tagging import count_windows
from whisper_at_hf.pipeline import WhisperATPipeline
from whisper_at_hf.pipeline.loading import AutoWhisperAT, load_pipeline

EXTRACTOR = WhisperFeatureExtractor(feature_size=8, chunk_length=2)


def tagger(**head):
    """A pipeline on a tiny random model with windows of 0.8 s; the encoder's full window is 2 s."""
    heads = {"default": head_config(**{"window_length_s": 0.8, **head})}
    model = tiny_model(WhisperATForAudioClassification, heads=heads)
    return WhisperATPipeline(model, feature_extractor=EXTRACTOR, tokenizer=None, device="cpu")


def noise(seconds, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def encoded_shapes(pipe):
    """Fills with the `(rows, frames)` of every encoder pass."""
    shapes = []
    pipe.model.model.encoder.register_forward_pre_hook(
        lambda _, args, kwargs: shapes.append(tuple(args[0].shape[::2])), with_kwargs=True
    )
    return shapes


def test_windows_of_all_files_are_encoded_together():
    pipe = tagger()
    shapes = encoded_shapes(pipe)
    clips = [noise(0.3), noise(2.5), noise(0.8), noise(0.81)]  # 1, 4, 1 and 2 windows
    together = pipe(clips, batch_size=3, return_logits=True, at_time_res=0.8)
    assert shapes == [(3, 80), (3, 80), (2, 80)]
    for result, clip in zip(together, clips, strict=True):
        alone = pipe(clip, return_logits=True, at_time_res=0.8)
        assert [window["timestamp"] for window in result["audio_tags"]] == [
            w["timestamp"] for w in alone["audio_tags"]
        ]
        np.testing.assert_allclose(result["tag_logits"], alone["tag_logits"], atol=1e-4)


def test_a_window_is_tagged_as_a_file_of_its_own():
    """Except for its edges, which the extractor sees in full inside a longer file."""
    pipe = tagger()
    pieces = [noise(0.8, seed) * (1 + seed) for seed in range(4)]
    options = {"return_logits": True, "at_time_res": 0.8}
    whole = pipe(np.concatenate(pieces), **options)["tag_logits"]
    alone = np.concatenate([pipe(piece, **options)["tag_logits"] for piece in pieces])
    assert np.abs(whole - alone).max() < 0.2 * alone.std(axis=0).max()


def test_frames_at_the_edges_of_windows_hear_both_sides():
    """The log-mel frames are those of the whole file."""
    pipe = tagger()
    audio = sine(2.5) + noise(2.5)
    frames = np.concatenate(
        [item["window"].input_features[0] for item in pipe.preprocess(audio, return_text=False)], 1
    )
    whole = EXTRACTOR(audio, sampling_rate=RATE, padding="max_length", max_length=320 * 160, return_tensors="np")
    np.testing.assert_allclose(frames[:, :249], whole.input_features[0, :, :249], atol=1e-3)


@pytest.mark.parametrize("at_time_res", [0.4, 0.8, 2.0, 4.0])
def test_tag_windows_of_any_length_are_cut_from_the_grid(at_time_res):
    pipe = tagger()
    result = pipe(noise(5.0), return_logits=True, at_time_res=at_time_res)
    assert len(result["audio_tags"]) == count_windows(500, round(at_time_res / 0.4))
    windows = [item["window"].input_features for item in pipe.preprocess(noise(5.0), return_text=False)]
    timeline = torch.cat([pipe.model.get_pooled_states(window)[0] for window in windows], dim=1)[:, :13]
    expected = pipe.model.get_tag_logits(timeline, 500, at_time_res)
    np.testing.assert_allclose(result["tag_logits"], expected, atol=1e-5)


def test_overlapping_windows():
    result = tagger()(noise(2.0), at_time_res=0.8, at_hop=0.4)
    assert [window["timestamp"] for window in result["audio_tags"]] == [
        (0.0, 0.8), (0.4, 1.2), (0.8, 1.6), (1.2, 2.0), (1.6, 2.0),
    ]  # fmt: skip


def test_a_head_trained_on_padded_windows_gets_them():
    pipe = tagger(input_padding="pad")
    shapes = encoded_shapes(pipe)
    pipe(noise(2.5))
    assert shapes == [(2, 200)]


def test_the_decoder_is_left_out_on_request(tmp_path):
    full = tiny_model()
    full.save_pretrained(tmp_path)
    model = AutoWhisperAT.from_pretrained(tmp_path, with_decoder=False)
    assert type(model) is WhisperATForAudioClassification
    decoder = sum(parameter.numel() for parameter in full.model.decoder.parameters())
    assert sum(p.numel() for p in model.parameters()) == sum(p.numel() for p in full.parameters()) - decoder


@pytest.mark.real
def test_the_command_lines_pipeline_without_decoder(default_model, pipe):
    audio = load_audio(sample_path())
    small = load_pipeline(str(default_model), "cpu", with_decoder=False)
    assert not hasattr(small.model.model, "decoder") and not small.model.can_generate()
    assert small(audio) == pipe(audio, return_text=False)
