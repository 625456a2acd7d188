"""Tiny speech encoders with random weights, saved as folders with their feature extractors."""

from pathlib import Path

import torch
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTModel,
    HubertConfig,
    HubertModel,
    PreTrainedModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
)

LAYERS, WIDTH = 2, 16
SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "initializer_range": 0.3,  # so that layers differ and steps attend to each other
}
WAV2VEC2_LIKE = {
    "hubert": (HubertConfig, HubertModel),
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model),
    "wavlm": (WavLMConfig, WavLMModel),
}
# The two kinds that there are: as hubert-base and as hubert-large.
KINDS = {
    "base": {"feat_extract_norm": "group", "do_stable_layer_norm": False},
    "large": {"feat_extract_norm": "layer", "do_stable_layer_norm": True},
}
NAMES = [f"{name}-{kind}" for name in WAV2VEC2_LIKE for kind in KINDS]


def save_speech_model(folder: Path, name: str, **changes) -> PreTrainedModel:
    """A model of one of `NAMES`, or "ast", in `folder`."""
    torch.manual_seed(0)
    if name == "ast":
        model = ASTModel(ASTConfig(**{**SIZES, **changes}, max_length=128, num_mel_bins=32))
        extractor = ASTFeatureExtractor(max_length=128, num_mel_bins=32)
    else:
        family, kind = name.split("-")
        config_class, model_class = WAV2VEC2_LIKE[family]
        convolutions = {
            "conv_dim": (8, 8, 8),
            "conv_kernel": (10, 8, 4),
            "conv_stride": (5, 8, 8),  # 20 ms
            "num_conv_pos_embeddings": 8,
            "num_conv_pos_embedding_groups": 2,
        }
        model = model_class(config_class(**{**SIZES, **changes}, **convolutions, **KINDS[kind]))
        extractor = Wav2Vec2FeatureExtractor(return_attention_mask=kind == "large")
    model.eval().save_pretrained(folder)
    extractor.save_pretrained(folder)
    return model
