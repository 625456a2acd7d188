import json
import os
from pathlib import Path

import huggingface_hub
import pytest
import torch
from conversion_checks import tokenizer_content
from foreign_formats import ctranslate2_variables, openai_checkpoint, write_model_bin
from transformers import WhisperConfig, WhisperForConditionalGeneration

ENGLISH = 51864


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """The hub cannot be reached, at once instead of after many retries."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def tokenizer_json(tmp_path_factory) -> Path:
    """English-only, without timestamps, as in older CTranslate2 folders."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(json.dumps(tokenizer_content(ENGLISH, timestamps=False)))
    return path


@pytest.fixture(scope="session")
def whisper() -> WhisperForConditionalGeneration:
    """Random, of dimensions that all differ, so that none can be taken for another."""
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=ENGLISH,
        num_mel_bins=16,
        d_model=24,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=4,
        decoder_attention_heads=6,
        encoder_ffn_dim=40,
        decoder_ffn_dim=56,
        max_source_positions=60,
        max_target_positions=32,
    )
    model = WhisperForConditionalGeneration(config).eval()
    # Whisper starts biases at 0 and norms at 1, where swapped weights would go unnoticed.
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(0.5 * torch.randn_like(weight) + (0.5 if weight.dim() == 1 else 0))
    # openai publishes float16: values that it holds exactly.
    return model.half().float()


@pytest.fixture(scope="session")
def ctranslate2_folder(whisper, tokenizer_json, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ctranslate2")
    aliases = {"decoder/projection/weight": "decoder/embeddings/weight"}
    write_model_bin(folder / "model.bin", ctranslate2_variables(whisper), aliases)
    (folder / "tokenizer.json").write_bytes(tokenizer_json.read_bytes())
    (folder / "config.json").write_text(json.dumps({"suppress_ids": [1, 2], "alignment_heads": [[1, 0]]}))
    return folder


@pytest.fixture(scope="session")
def openai_file(whisper, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("openai") / "model.pt"
    torch.save(openai_checkpoint(whisper), path)
    return path


class _Payload:
    def __init__(self, victim: Path):
        self.victim = victim

    def __reduce__(self):
        return os.mkdir, (str(self.victim),)


@pytest.fixture
def malicious_file(tmp_path) -> tuple[Path, Path]:
    """A pickle, and the folder that loading it carelessly would make."""
    path, victim = tmp_path / "malicious.pth", tmp_path / "made-by-the-pickle"
    torch.save({"dims": {}, "model_state_dict": {}, "at_model.layer_tr.attn.query.weight": _Payload(victim)}, path)
    return path, victim
