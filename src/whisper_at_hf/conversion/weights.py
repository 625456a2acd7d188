"""Whisper weights in transformers' names, the configuration that they imply, and loading them strictly."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from ..errors import InputError

HEAD_WIDTH = 64
"""Width of one attention head in every published Whisper (https://arxiv.org/abs/2212.04356, table 1)."""

MULTILINGUAL_VOCABULARY = 51865
"""Vocabulary from which a Whisper is multilingual (https://github.com/openai/whisper, `model.py`)."""

BLANK = 220
"""Id of the token " " in both of Whisper's vocabularies."""


@dataclass
class WhisperWeights:
    """The weights of a foreign checkpoint under the names of `WhisperForConditionalGeneration`.

    Attributes:
        source: the file that they come from, for error messages.
        state_dict: without `proj_out.weight`, which is the token embedding.
        encoder_heads, decoder_heads: attention heads. They leave no trace in the weights: width / 64 if None.
    """

    source: str
    state_dict: dict[str, torch.Tensor]
    encoder_heads: int | None = None
    decoder_heads: int | None = None

    def __post_init__(self) -> None:
        check_tensors(self.state_dict, self.source)

    def config(self) -> WhisperConfig:
        """The configuration with the dimensions of the weights.

        Raises:
            InputError: a weight that tells a dimension is missing or has none, or the attention heads do not divide
                the width.
        """
        vocab_size, width = self._shape("model.decoder.embed_tokens.weight")[:2]
        end_of_text = 50257 if vocab_size >= MULTILINGUAL_VOCABULARY else 50256
        return WhisperConfig(
            vocab_size=vocab_size,
            d_model=width,
            num_mel_bins=self._shape("model.encoder.conv1.weight")[1],
            encoder_layers=self._count_layers("encoder"),
            decoder_layers=self._count_layers("decoder"),
            encoder_attention_heads=self._heads(self.encoder_heads, width),
            decoder_attention_heads=self._heads(self.decoder_heads, width),
            encoder_ffn_dim=self._shape("model.encoder.layers.0.fc1.weight")[0],
            decoder_ffn_dim=self._shape("model.decoder.layers.0.fc1.weight")[0],
            max_source_positions=self._shape("model.encoder.embed_positions.weight")[0],
            max_target_positions=self._shape("model.decoder.embed_positions.weight")[0],
            bos_token_id=end_of_text,
            eos_token_id=end_of_text,
            pad_token_id=end_of_text,
            decoder_start_token_id=end_of_text + 1,
            begin_suppress_tokens=[BLANK, end_of_text],
        )

    def model(self) -> WhisperForConditionalGeneration:
        """The model in float32, in evaluation mode.

        Raises:
            InputError: weights are missing, left over or of another shape.
        """
        with torch.device("meta"):  # random initial weights would only be thrown away
            model = WhisperForConditionalGeneration(self.config())
        tied = self.state_dict["model.decoder.embed_tokens.weight"]
        assign_weights(model, self.state_dict | {"proj_out.weight": tied}, self.source)
        model.tie_weights()
        model.model.encoder.embed_positions.requires_grad_(False)
        return model.eval()

    def _shape(self, name: str) -> torch.Size:
        if name not in self.state_dict:
            raise InputError(f"{self.source} lacks {name}: give the checkpoint of a complete Whisper model.")
        shape = self.state_dict[name].shape
        if len(shape) < 2 or 0 in shape:
            raise InputError(f"{self.source} has {name} of shape {tuple(shape)}: it is no such model.")
        return shape

    def _heads(self, given: int | None, width: int) -> int:
        heads = width // HEAD_WIDTH if given is None else given
        if type(heads) is not int or heads < 1 or width % heads:
            raise InputError(f"{self.source} has {heads!r:.50} attention heads for a width of {width}: it is damaged.")
        return heads

    def _count_layers(self, part: str) -> int:
        prefix = f"model.{part}.layers."
        return len({name.removeprefix(prefix).split(".")[0] for name in self.state_dict if name.startswith(prefix)})


def check_tensors(state_dict: dict[str, torch.Tensor], source: str) -> None:
    """Raise InputError, which names `source`, unless all of it is tensors of real numbers that are there, by name."""
    for name, weight in state_dict.items():
        if not isinstance(name, str) or not _is_weight(weight):
            raise InputError(f"{source} holds {str(name)!r:.50}, which is no weight: copy or download it again.")


def _is_weight(value: Any) -> bool:
    if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
        return False
    if value.is_complex() or value.is_quantized:
        return False
    # A few bytes that are repeated, or none at all, can pass for a tensor of any size.
    return value.numel() > 0 and value.nbytes <= value.untyped_storage().nbytes()


def assign_weights(module: nn.Module, state_dict: dict[str, torch.Tensor], source: str) -> None:
    """Make `state_dict` the weights of `module`, in float32, without a copy where they are that already.

    Raises:
        InputError: a weight is missing, of another shape, or left over; `source` is the file it names.
    """
    expected = module.state_dict()
    for name, weight in expected.items():
        if name not in state_dict:
            raise InputError(f"{source} lacks {name}: it is incomplete, copy or download it again.")
        given, wanted = tuple(state_dict[name].shape), tuple(weight.shape)
        if given != wanted:
            raise InputError(f"{source} has {name} of shape {given} instead of {wanted}: it is no such model.")
    for name in state_dict:
        if name not in expected:
            raise InputError(f"{source} holds {name}, which such a model does not have: it is of another kind.")
    floats = {id(weight): weight.float() for weight in state_dict.values()}  # once, if two names share a weight
    module.load_state_dict({name: floats[id(weight)] for name, weight in state_dict.items()}, assign=True)
