"""Times of tokens, against those that transformers' `generate` gives for the same tokens."""

import pytest
import torch
from tiny import log_mels
from tiny_multilingual import ENGLISH, START, TRANSCRIBE, encoded, first_pass, multilingual_model
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from whisper_at_hf import InputError
from whisper_at_hf.decoding.word_times import word_times

PROMPT = [START, ENGLISH, TRANSCRIBE]


@pytest.mark.real
@pytest.mark.data
@torch.no_grad()
def test_real_speech(tiny_en_whisper, jfk):
    whisper = WhisperForConditionalGeneration.from_pretrained(tiny_en_whisper).eval()
    inputs = WhisperProcessor.from_pretrained(tiny_en_whisper)(
        jfk, sampling_rate=16000, return_tensors="pt", return_attention_mask=True
    )
    features = inputs["input_features"]
    (expected,) = first_pass(
        whisper,
        features,
        attention_mask=inputs["attention_mask"],
        return_timestamps=True,
        return_token_timestamps=True,
    )
    prompt = [whisper.generation_config.decoder_start_token_id]
    times = word_times(whisper, encoded(whisper, features), prompt, expected["tokens"], num_positions=550)
    assert len(times) == len(expected["tokens"]) and times[-1] > 10
    torch.testing.assert_close(times, expected["token_timestamps"], atol=0.05, rtol=0)


@pytest.mark.parametrize("frames", [200, 120])
def test_a_random_model_with_a_prompt_of_three_tokens(frames):
    model = multilingual_model(seed=72, attn_implementation="eager")
    features = log_mels(8)
    mask = (torch.arange(200) < frames).long()[None]
    compared = 0
    for row in features.split(1):
        (expected,) = first_pass(
            model, row, attention_mask=mask, language="en", return_timestamps=True, return_token_timestamps=True
        )
        if len(expected["tokens"]) < 20:  # Of the last of 20 tokens, `generate` has no attention.
            times = word_times(model, encoded(model, row), PROMPT, expected["tokens"], num_positions=frames // 2)
            torch.testing.assert_close(times, expected["token_timestamps"], atol=0.021, rtol=0)
            compared += times.max() > 0.2
    assert compared > 2


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("num_positions", [0, 1, 3, 100])
def test_little_text_and_little_sound(count, num_positions):
    model = multilingual_model()
    times = word_times(model, encoded(model, log_mels(1)), PROMPT, [10, 11][:count], num_positions)
    assert times.shape == (count,)
    assert ((times >= 0) & (times <= 0.02 * max(1, num_positions))).all()


def test_models_without_alignment_heads():
    model = multilingual_model()
    model.generation_config.alignment_heads = None
    with pytest.raises(InputError, match="no alignment_heads in its generation_config"):
        word_times(model, encoded(model, log_mels(1)), PROMPT, [10], 100)
