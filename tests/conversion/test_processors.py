import json

import pytest
from conversion_checks import tokenizer_content
from transformers import AutoProcessor, WhisperConfig

from whisper_at_hf.conversion.generation import build_generation_config
from whisper_at_hf.conversion.processors import load_processor, openai_id, processor_from_tokenizer_json
from whisper_at_hf.errors import InputError

ENGLISH = WhisperConfig(vocab_size=51864, eos_token_id=50256)
NO_MERGES = '{"added_tokens": [], "model": {"vocab": {}}}'
ODD = '{"added_tokens": [], "model": {"vocab": {"a": -1}, "merges": [["a"]]}}'
LARGE_V3 = WhisperConfig(vocab_size=51866, eos_token_id=50257, num_mel_bins=128)


@pytest.fixture(scope="module")
def multilingual_json(tmp_path_factory):
    path = tmp_path_factory.mktemp("large-v3") / "tokenizer.json"
    path.write_text(json.dumps(tokenizer_content(51866)))
    return path


def test_missing_timestamps_are_added(tokenizer_json):
    tokenizer = processor_from_tokenizer_json(tokenizer_json, ENGLISH).tokenizer
    assert len(tokenizer) == 51864
    assert tokenizer.convert_tokens_to_ids(["<|0.00|>", "<|0.02|>", "<|30.00|>"]) == [50363, 50364, 51863]
    ids = [50363, *tokenizer.convert_tokens_to_ids(["word1", "word2"]), 50363 + 55]
    assert tokenizer.decode(ids, decode_with_timestamps=True) == "<|0.00|>word1word2<|1.10|>"
    assert tokenizer.decode(ids, skip_special_tokens=True) == "word1word2"


def test_processor_survives_saving(multilingual_json, tmp_path):
    processor = processor_from_tokenizer_json(multilingual_json, LARGE_V3)
    processor.save_pretrained(tmp_path)
    loaded = AutoProcessor.from_pretrained(tmp_path)
    assert type(loaded) is type(processor)
    assert loaded.feature_extractor.feature_size == 128
    tokenizer = loaded.tokenizer
    assert tokenizer.get_vocab() == processor.tokenizer.get_vocab()
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.bos_token_id) == (50257, 50257, 50257)
    # transformers takes the id after the last special token for the timestamp 0.00.
    assert tokenizer.all_special_ids[0] == 50257
    assert tokenizer.convert_ids_to_tokens(tokenizer.all_special_ids[-1]) == "<|notimestamps|>"


def test_tokenizer_of_another_model_is_refused(multilingual_json, tokenizer_json):
    with pytest.raises(InputError, match=r"tokenizer\.json has 51866 tokens .* the model has 51864"):
        processor_from_tokenizer_json(multilingual_json, ENGLISH)
    with pytest.raises(InputError, match=r"tokenizer\.json has 51864 tokens .*50256.* the model has 51866 \(50257\)"):
        processor_from_tokenizer_json(tokenizer_json, LARGE_V3)


def test_tokenizer_numbered_otherwise_is_refused(tokenizer_json, tmp_path):
    content = json.loads(tokenizer_json.read_text())
    content["added_tokens"][5]["id"] += 2000
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="does not number its tokens as Whisper does"):
        processor_from_tokenizer_json(path, ENGLISH)


@pytest.mark.parametrize(
    "content", ["not JSON", "[]", "[" * 100_000, '{"added_tokens": [], "model": {"vocab": {}}}', ODD]
)
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"tokenizer\.json is no BPE tokenizer"):
        processor_from_tokenizer_json(path, ENGLISH)


def test_multilingual_generation_config(multilingual_json):
    tokenizer = processor_from_tokenizer_json(multilingual_json, LARGE_V3).tokenizer
    generation = build_generation_config(tokenizer, LARGE_V3)
    # openai/whisper-large-v3 on the hub has these values.
    assert generation.is_multilingual
    assert generation.task == "transcribe"
    assert generation.task_to_id == {"transcribe": 50360, "translate": 50359}
    assert len(generation.lang_to_id) == 100
    assert generation.lang_to_id["<|l0|>"] == 50259
    assert generation.no_timestamps_token_id == 50364
    assert generation.prev_sot_token_id == 50362
    assert generation.decoder_start_token_id == 50258
    assert (generation.eos_token_id, generation.pad_token_id) == (50257, 50257)
    assert generation.begin_suppress_tokens == [220, 50257]
    assert generation.suppress_tokens[-7:] == [50254, 50258, 50359, 50360, 50361, 50362, 50363]
    assert generation.max_initial_timestamp_index == 50
    # Every head of the second half of the decoder, as in openai/whisper.
    assert generation.alignment_heads == [[layer, head] for layer in (2, 3) for head in range(6)]


def test_english_generation_config_has_no_language_or_task(tokenizer_json):
    tokenizer = processor_from_tokenizer_json(tokenizer_json, ENGLISH).tokenizer
    generation = build_generation_config(tokenizer, ENGLISH)
    assert not generation.is_multilingual
    for name in ("task", "task_to_id", "lang_to_id"):
        assert getattr(generation, name, None) is None
    assert generation.begin_suppress_tokens == [220, 50256]
    assert generation.decoder_start_token_id == 50257
    assert generation.no_timestamps_token_id == 50362


@pytest.mark.parametrize(
    ("width", "mels", "vocab_size", "decoder_layers", "name"),
    [
        (384, 80, 51864, 4, "tiny.en"),
        (384, 80, 51865, 4, "tiny"),
        (512, 80, 51864, 6, "base.en"),
        (768, 80, 51865, 12, "small"),
        (768, 80, 51864, 4, "small.en"),
        (1024, 80, 51864, 24, "medium.en"),
        (1280, 80, 51865, 32, "large-v2"),
        (1280, 128, 51866, 32, "large-v3"),
        (1280, 128, 51866, 4, "large-v3-turbo"),
    ],
)
def test_default_processor_is_that_of_the_size(width, mels, vocab_size, decoder_layers, name):
    config = WhisperConfig(d_model=width, num_mel_bins=mels, vocab_size=vocab_size, decoder_layers=decoder_layers)
    assert openai_id(config) == f"openai/whisper-{name}"


def test_unreachable_processor_says_what_to_pass():
    with pytest.raises(InputError, match=r"openai/whisper-tiny\.en cannot be loaded from the hub: pass --processor"):
        load_processor(None, ENGLISH)
    with pytest.raises(InputError, match="--processor nobody/nothing cannot be loaded"):
        load_processor("nobody/nothing", ENGLISH)


def test_processor_with_other_mels_is_refused(tokenizer_json, tmp_path):
    processor_from_tokenizer_json(tokenizer_json, ENGLISH).save_pretrained(tmp_path)
    with pytest.raises(InputError, match="computes 80 mels, the model reads 128"):
        load_processor(tmp_path, WhisperConfig(vocab_size=51864, eos_token_id=50256, num_mel_bins=128))
