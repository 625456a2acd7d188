"""Tiny configurations and inputs, as transformers' common tests ask for them, one tester for Whisper and for ours."""

import torch
from transformers import WhisperConfig

from whisper_at_hf import TLTRConfig, WhisperATConfig

BATCH = 3
LABELS = {0: "Dog", 1: "Rain", 2: "Music"}
LAYERS = 2
WIDTH = 16
ATTENTION_HEADS = 4
MELS = 8
POSITIONS = 30
POOLING = 5

TLTR_ARGUMENTS = {
    "encoder_layers": LAYERS,
    "d_model": WIDTH,
    "num_layer_attention_heads": ATTENTION_HEADS,
    "pooling_size": POOLING,
}

WHISPER_ARGUMENTS = {
    "vocab_size": 200,
    "num_mel_bins": MELS,
    "encoder_layers": LAYERS,
    "decoder_layers": LAYERS,
    "encoder_attention_heads": ATTENTION_HEADS,
    "decoder_attention_heads": ATTENTION_HEADS,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "d_model": WIDTH,
    "classifier_proj_size": WIDTH,
    "max_source_positions": POSITIONS,
    "max_target_positions": 40,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "pad_token_id": 0,
    "bos_token_id": 98,
    "eos_token_id": 98,
    "decoder_start_token_id": 85,
}


class _ModelTester:
    """The attributes that the common tests read, and configurations in the family asked for."""

    is_training = True
    batch_size = BATCH
    num_hidden_layers = LAYERS
    num_attention_heads = ATTENTION_HEADS
    hidden_size = WIDTH
    encoder_seq_length = POSITIONS
    key_length = POSITIONS

    def __init__(self, whisper_at: bool):
        self.whisper_at = whisper_at

    def get_config(self) -> WhisperConfig:
        arguments = {**WHISPER_ARGUMENTS, "is_encoder_decoder": self.is_encoder_decoder}
        if not self.whisper_at:
            return WhisperConfig(**arguments, num_labels=len(LABELS))
        # Not frozen: the common tests look for gradients in every weight.
        heads = {"default": TLTRConfig(**TLTR_ARGUMENTS, id2label=LABELS)}
        return WhisperATConfig(**arguments, heads=heads, freeze_backbone=False)

    def _features(self) -> torch.Tensor:
        return torch.randn(BATCH, MELS, 2 * POSITIONS)


class Seq2SeqTester(_ModelTester):
    """For models with a decoder.

    `token_name` is a second name under which the decoder's tokens are among the inputs, for tests that look there.
    """

    is_encoder_decoder = True
    token_name = None
    seq_length = 7
    decoder_seq_length = 7
    decoder_key_length = 7

    def prepare_config_and_inputs_for_common(self) -> tuple[WhisperConfig, dict]:
        tokens = torch.randint(3, 80, (BATCH, self.decoder_seq_length))
        inputs = {
            "input_features": self._features(),
            "decoder_input_ids": tokens,
            "decoder_attention_mask": torch.ones_like(tokens),
        }
        if self.token_name is not None:
            inputs[self.token_name] = tokens
        return self.get_config(), inputs

    def labels(self, model_class: type) -> torch.Tensor | None:
        """Targets that the model class takes; None for a model without a loss."""
        if not model_class.can_generate():
            return None
        return torch.zeros(BATCH, self.decoder_seq_length, dtype=torch.long)


class EncoderTester(_ModelTester):
    """For models that classify without a decoder."""

    is_encoder_decoder = False
    seq_length = POSITIONS

    def prepare_config_and_inputs_for_common(self) -> tuple[WhisperConfig, dict]:
        return self.get_config(), {"input_features": self._features()}

    def labels(self, model_class: type) -> torch.Tensor:
        """Multi-hot for our heads, which are multi-label by default; classes for Whisper's own."""
        return torch.eye(BATCH, len(LABELS)) if self.whisper_at else torch.zeros(BATCH, dtype=torch.long)


class TLTRTester:
    """For the head alone."""

    is_training = True
    batch_size = BATCH
    num_hidden_layers = LAYERS
    num_attention_heads = ATTENTION_HEADS
    hidden_size = WIDTH
    seq_length = POSITIONS // POOLING

    def get_config(self) -> TLTRConfig:
        return TLTRConfig(**TLTR_ARGUMENTS, id2label=LABELS)

    def prepare_config_and_inputs_for_common(self) -> tuple[TLTRConfig, dict]:
        return self.get_config(), {"pooled_states": torch.randn(BATCH, LAYERS, self.seq_length, WIDTH)}

    def labels(self, model_class: type) -> torch.Tensor:
        return torch.eye(BATCH, len(LABELS))
