"""Whisper's words stay Whisper's, token for token, after save and reload, while tags are collected."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor, pipeline, set_seed

from whisper_at_hf import WhisperATForConditionalGeneration
from whisper_at_hf.audio import load_audio

pytestmark = [pytest.mark.real, pytest.mark.data]


@pytest.fixture(scope="module")
def processor(tiny_en_whisper):
    return WhisperProcessor.from_pretrained(tiny_en_whisper)


@pytest.fixture(scope="module")
def reference(tiny_en_whisper):
    return WhisperForConditionalGeneration.from_pretrained(tiny_en_whisper)


@pytest.fixture(scope="module")
def reloaded(tiny_en_whisper, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reloaded")
    WhisperATForConditionalGeneration.from_whisper(tiny_en_whisper, labels=["Dog", "Rain"]).save_pretrained(folder)
    return WhisperATForConditionalGeneration.from_pretrained(folder)


@pytest.fixture(scope="module")
def utterances(jfk, speech):
    """jfk and 20 utterances of different speakers."""
    by_speaker = {row["speaker"]: row for row in reversed(speech)}
    return [jfk, *(load_audio(row["file"]) for row in list(by_speaker.values())[:20])]


def _over_a_minute(rows):
    """Speech with pauses; takes as many rows as it needs."""
    pieces, seconds = [], 0.0
    while seconds <= 62:
        audio = load_audio(next(rows)["file"])
        pieces += [audio, np.zeros(8000, np.float32)]
        seconds += len(audio) / 16000 + 0.5
    return np.concatenate(pieces)


@pytest.fixture(scope="module")
def long_audio(speech):
    return _over_a_minute(iter(speech))


def _tokens(model, inputs, record=False, **options):
    set_seed(0)
    context = model.record_timeline(len(inputs["input_features"])) if record else nullcontext()
    with torch.no_grad(), context:
        return model.generate(**inputs, **options)


def _assert_same(reference, reloaded, inputs, **options):
    expected = _tokens(reference, inputs, **options)
    assert torch.equal(_tokens(reloaded, inputs, record=True, **options), expected)
    return expected


def _features(processor, audio, **options):
    return processor(audio, sampling_rate=16000, return_tensors="pt", return_attention_mask=True, **options)


# Beams are in test_long_audio_with_beams, too.
@pytest.mark.parametrize("num_beams", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_utterances(reference, reloaded, processor, utterances, num_beams):
    for start in range(0, len(utterances), 7):
        inputs = _features(processor, utterances[start : start + 7])
        tokens = _assert_same(reference, reloaded, inputs, num_beams=num_beams)
    assert tokens.shape[1] > 10


def test_with_a_prompt(reference, reloaded, processor, utterances):
    prompt = processor.get_prompt_ids("Kennedy, Washington, inaugural address.", return_tensors="pt")
    _assert_same(reference, reloaded, _features(processor, utterances[:7]), prompt_ids=prompt)


def test_with_temperature_fallback(reference, reloaded, processor, utterances):
    """Thresholds so strict that windows fall back; the encoder is asked again, and runs no second time."""
    inputs = _features(processor, utterances[:3])
    asked, computed = [], []
    encoder = reloaded.model.encoder
    hooks = [
        encoder.register_forward_hook(lambda *_: asked.append(1)),
        encoder.conv1.register_forward_hook(lambda *_: computed.append(1)),
    ]
    _assert_same(
        reference,
        reloaded,
        inputs,
        temperature=(0.0, 0.2, 0.4),
        compression_ratio_threshold=1.35,
        logprob_threshold=-0.25,
        no_speech_threshold=0.6,
        max_new_tokens=64,
        return_timestamps=True,
    )
    for hook in hooks:
        hook.remove()
    assert len(asked) > len(computed)


@pytest.mark.parametrize("condition_on_prev_tokens", [False, True])
def test_long_audio(reference, reloaded, processor, long_audio, condition_on_prev_tokens):
    inputs = _features(processor, long_audio, truncation=False, padding="longest")
    assert inputs["input_features"].shape[-1] > 6000
    options = {"return_timestamps": True, "condition_on_prev_tokens": condition_on_prev_tokens}
    _assert_same(reference, reloaded, inputs, **options)


def test_long_audio_with_beams(reference, reloaded, processor, long_audio):
    inputs = _features(processor, long_audio, truncation=False, padding="longest")
    _assert_same(reference, reloaded, inputs, return_timestamps=True, num_beams=3)


def test_stock_speech_recognition_pipeline_loads_our_folder(default_model, tiny_en_whisper, pipe, jfk, long_audio):
    stock = "automatic-speech-recognition"
    ours = pipeline(stock, model=str(default_model), num_beams=1)
    plain = pipeline(stock, model=str(tiny_en_whisper), num_beams=1)
    assert type(ours.model) is WhisperATForConditionalGeneration
    for audio in (jfk, long_audio):
        expected = plain(audio, return_timestamps=True)
        assert ours(audio, return_timestamps=True) == expected
        result = pipe(audio, return_timestamps=True, mode="sequential")
        assert {name: result[name] for name in expected} == expected
    assert ours(jfk) == plain(jfk)
    assert pipe(jfk)["text"] == plain(jfk)["text"]
    words = pipe(jfk, return_timestamps="word", return_tags=False)
    assert words["chunks"] == plain(jfk, return_timestamps="word")["chunks"]


@pytest.mark.slow
def test_sequential_mode_writes_what_transformers_writes(tiny_en_whisper, pipe, speech):
    plain = pipeline("automatic-speech-recognition", model=str(tiny_en_whisper), num_beams=1)
    rows = iter(speech)
    for _ in range(10):
        audio = _over_a_minute(rows)
        expected = plain(audio, return_timestamps=True)
        result = pipe(audio, return_timestamps=True, mode="sequential", generate_kwargs={"num_beams": 1})
        assert {name: result[name] for name in expected} == expected
