"""Intact folders with weights and configurations in them, tiny ones, and how they are read."""

import json
import sys
from pathlib import Path

import torch

HELPERS = Path(__file__).parents[2] / "tests" / "helpers"
# That of English-only Whispers; all other dimensions are as small as can be.
VOCABULARY = 51_864
WIDTHS = {"d_model": 4, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
TOKENS = ["a", "b", "Ġ", "ab"]


def ctranslate2(folder: Path) -> None:
    _use_helpers()
    from foreign_formats import ctranslate2_variables, quantised, write_model_bin

    variables = ctranslate2_variables(_plain_whisper())
    name = "encoder/layer_0/ffn/linear_0/weight"
    variables[name], variables[f"{name}_scale"] = quantised(variables[name])
    embedding = variables.pop("decoder/embeddings/weight")  # large: last, so that mutations meet the others
    aliases = {"decoder/projection/weight": "decoder/embeddings/weight"}
    write_model_bin(folder / "model.bin", variables | {"decoder/embeddings/weight": embedding}, aliases)


def openai(folder: Path) -> None:
    _use_helpers()
    from foreign_formats import openai_checkpoint

    torch.save(openai_checkpoint(_plain_whisper()), folder / "model.pt")


def original_head(folder: Path) -> None:
    _use_helpers()
    from random_heads import random_original_head

    head = random_original_head(384, labels=3, projection=16)
    torch.save({name: torch.from_numpy(weight) for name, weight in head.items()}, folder / "head.pth")


def saved_head(folder: Path) -> None:
    _use_helpers()
    from tiny import head_config

    from whisper_at_hf import TLTRForAudioClassification

    torch.manual_seed(0)
    TLTRForAudioClassification(head_config(thresholds={"Dog": 0.5})).save_pretrained(folder)


def whisper_at(folder: Path) -> None:
    """A model that the pipeline opens, with all its files."""
    _use_helpers()
    from tiny import MELS
    from tiny_multilingual import multilingual_model
    from transformers import WhisperFeatureExtractor, WhisperTokenizer

    multilingual_model().save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(folder)
    vocabulary = {token: index for index, token in enumerate(TOKENS)}
    WhisperTokenizer(vocab=vocabulary, merges=[("a", "b")]).save_pretrained(folder)


def plain_whisper(folder: Path) -> None:
    """A Whisper of transformers that can be converted."""
    _use_helpers()
    from tiny import MELS, save_plain_whisper
    from transformers import WhisperFeatureExtractor, WhisperTokenizer

    end = len(TOKENS)
    save_plain_whisper(folder, bos_token_id=end, eos_token_id=end, pad_token_id=end)
    WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(folder)
    vocabulary = {token: index for index, token in enumerate([*TOKENS, "<|endoftext|>"])}
    WhisperTokenizer(vocab=vocabulary, merges=[("a", "b")]).save_pretrained(folder)
    settings = {
        "no_timestamps_token_id": 9,
        "alignment_heads": [[0, 1]],
        "eos_token_id": end,
    }
    (folder / "generation_config.json").write_text(json.dumps(settings))


def tokenizer(folder: Path) -> None:
    """The tokenizer.json and config.json beside a model.bin."""
    _use_helpers()
    from conversion_checks import tokenizer_content

    ctranslate2(folder)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_content(VOCABULARY)))
    (folder / "config.json").write_text(json.dumps({"suppress_ids": [1, 2], "alignment_heads": [[1, 0]]}))


def read_ctranslate2(folder: Path) -> None:
    from whisper_at_hf.conversion.ctranslate2 import read_ctranslate2

    read_ctranslate2(folder).model()


def read_openai(folder: Path) -> None:
    from whisper_at_hf.conversion.openai import read_openai

    read_openai(folder / "model.pt").model()


def read_original_head(folder: Path) -> None:
    from whisper_at_hf.conversion.heads import load_head

    load_head(folder / "head.pth")


def read_saved_head(folder: Path) -> None:
    from whisper_at_hf.conversion.heads import load_head

    load_head(folder)


def read_plain_whisper(folder: Path) -> None:
    from whisper_at_hf.conversion.sources import load_whisper

    load_whisper(folder)


def read_whisper_at(folder: Path) -> None:
    from whisper_at_hf.pipeline.loading import load_pipeline

    load_pipeline(str(folder), device="cpu")


def read_tokenizer(folder: Path) -> None:
    from whisper_at_hf.conversion.ctranslate2 import load_ctranslate2

    load_ctranslate2(folder)


def _plain_whisper() -> torch.nn.Module:
    from tiny import randomised, whisper_values
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(0)
    ids = {"pad_token_id": 50256, "bos_token_id": 50256, "eos_token_id": 50256, "decoder_start_token_id": 50257}
    return randomised(
        WhisperForConditionalGeneration(WhisperConfig(**whisper_values(**WIDTHS, **ids, vocab_size=VOCABULARY)))
    )


def _use_helpers() -> None:
    """The tests know how to write the foreign formats."""
    if str(HELPERS) not in sys.path:
        sys.path.append(str(HELPERS))
