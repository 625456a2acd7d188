import numpy as np
import pytest
import torch
from tiny import MELS, log_mels, save_plain_whisper
from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.errors import InputError
from whisper_at_hf.features import Encoder, load_encoder


def test_fingerprint_is_that_of_the_encoder_alone(whisper_folder, tmp_path):
    plain = load_encoder(whisper_folder)
    with_head = WhisperATForAudioClassification.from_whisper(whisper_folder)
    with_head.add_head("default", ["Dog", "Rain"])
    with_head.save_pretrained(tmp_path)  # without a feature extractor, as a trainer's checkpoint
    assert load_encoder(tmp_path).fingerprint == plain.fingerprint


@pytest.mark.parametrize("changes", [{"seed": 1}, {"encoder_attention_heads": 2}])
def test_another_encoder_has_another_fingerprint(whisper_folder, tmp_path, changes):
    save_plain_whisper(tmp_path, **changes)
    assert load_encoder(tmp_path).fingerprint != load_encoder(whisper_folder).fingerprint


def test_dtype_changes_the_spec_but_not_the_fingerprint(whisper_folder):
    exact, rounded = load_encoder(whisper_folder), load_encoder(whisper_folder, "bfloat16")
    assert exact.fingerprint == rounded.fingerprint
    assert exact.spec(1.2).folder_name != rounded.spec(1.2).folder_name
    difference = np.abs(exact(log_mels()).astype(float) - rounded(log_mels())).max()
    assert 0 < difference < 0.2


def test_states_beyond_float16_are_refused(encoder):
    with torch.no_grad():
        encoder.model.model.encoder.layers[1].fc2.bias.fill_(1e6)
    with pytest.raises(InputError, match="beyond float16"):
        encoder(log_mels())


def test_window_longer_than_the_encoders_is_refused(encoder):
    assert encoder.spec(2.0).steps == 5
    with pytest.raises(InputError, match="window_length_s=2.4 .* at most 2 s"):
        encoder.spec(2.4)


def test_feature_extractor_of_another_size_is_refused(encoder):
    with pytest.raises(InputError, match="80 mels, the encoder reads 8"):
        Encoder(encoder.model, WhisperFeatureExtractor())


def test_unknown_dtype_is_refused(encoder):
    with pytest.raises(InputError, match="dtype='int8' is unknown"):
        Encoder(encoder.model, WhisperFeatureExtractor(feature_size=MELS), "int8")


@pytest.mark.real
def test_all_formats_of_a_whisper_are_one_encoder(tiny_en_ctranslate2, tiny_en_whisper, default_model, monkeypatch):
    monkeypatch.setenv("WHISPER_AT_CACHE", str(default_model.parent))
    encoders = [load_encoder(source) for source in (tiny_en_ctranslate2, tiny_en_whisper, default_model, None)]
    assert len({encoder.fingerprint for encoder in encoders}) == 1
    assert encoders[0].spec().shape == (4, 25, 384)
