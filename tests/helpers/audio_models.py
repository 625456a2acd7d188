"""Other people's audio classifiers, tiny and random."""

from pathlib import Path

import tiny
import torch
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

LABELS = ["mid", "high", "low", "never there"]


def save_ast(folder: Path, labels: list[str] = LABELS, **changes) -> Path:
    """An Audio Spectrogram Transformer in `folder`, with its feature extractor."""
    torch.manual_seed(0)
    config = ASTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_mel_bins=32,
        max_length=64,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        initializer_range=0.3,
        **changes,
    )
    tiny.randomised(ASTForAudioClassification(config)).save_pretrained(folder)
    ASTFeatureExtractor(num_mel_bins=32, max_length=64).save_pretrained(folder)
    return folder
