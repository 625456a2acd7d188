"""A tokenizer, and comparisons that several conversion tests make."""

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

CONTROLS = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
MULTILINGUAL = 51865
DIMENSIONS = [
    "vocab_size",
    "num_mel_bins",
    "d_model",
    "encoder_layers",
    "decoder_layers",
    "encoder_attention_heads",
    "decoder_attention_heads",
    "encoder_ffn_dim",
    "decoder_ffn_dim",
    "max_source_positions",
    "max_target_positions",
]


def tokenizer_content(vocab_size: int, timestamps: bool = True) -> dict:
    """A tokenizer.json with Whisper's numbering of a vocabulary of this size, and invented words."""
    multilingual = vocab_size >= MULTILINGUAL
    words = [f"word{index}" for index in range(50256)]
    words[220] = "Ġ"
    vocabulary = {word: index for index, word in enumerate(words)}
    if multilingual:
        vocabulary[""] = 50256
    languages = vocab_size - len(vocabulary) - 2 - len(CONTROLS) - 1501
    names = ["endoftext", "startoftranscript", *(f"l{index}" for index in range(languages)), *CONTROLS]
    tokens = [(f"<|{name}|>", True) for name in names]
    if timestamps:
        tokens += [(f"<|{step / 50:.2f}|>", False) for step in range(1501)]
    added = [
        {"id": index, "content": token, "special": special}
        for index, (token, special) in enumerate(tokens, start=len(vocabulary))
    ]
    return {"added_tokens": added, "model": {"type": "BPE", "vocab": vocabulary, "merges": []}}


def assert_same_config(config: WhisperConfig, expected: WhisperConfig) -> None:
    assert {name: getattr(config, name) for name in DIMENSIONS} == {
        name: getattr(expected, name) for name in DIMENSIONS
    }


def logits(model: WhisperForConditionalGeneration) -> torch.Tensor:
    """(2, 7, vocabulary) for the same random input every time."""
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(2, model.config.num_mel_bins, 2 * model.config.max_source_positions, generator=generator)
    tokens = torch.randint(0, 50000, (2, 7), generator=generator)
    with torch.no_grad():
        return model(input_features=features, decoder_input_ids=tokens).logits
