"""Folders of models whose files are broken: one sentence, whatever transformers raises."""

import json

import pytest
from tiny import MELS, tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf.errors import InputError
from whisper_at_hf.pipeline.loading import load_pipeline

# The library in Rust raises an Exception that is no more than that.
TOKENIZER = {"version": "1.0", "truncation": {}, "padding": None, "added_tokens": [], "model": {"type": "BPE"}}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "[" * 100_000),
        ("config.json", '{"model_type": "whisper_at", "d_model": "wide"}'),
        ("config.json", '{"model_type": "whisper_at", "encoder_attention_heads": 0}'),
        ("tokenizer.json", json.dumps(TOKENIZER)),
        ("preprocessor_config.json", "[" * 100_000),
    ],
)
def test_a_model_with_a_broken_file_is_refused(tmp_path, file, content):
    tiny_model().save_pretrained(tmp_path)
    WhisperFeatureExtractor(feature_size=MELS).save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "WhisperTokenizer"}')
    (tmp_path / file).write_text(content)
    with pytest.raises(InputError, match="is no complete Whisper-AT model"):
        load_pipeline(str(tmp_path), "cpu")
