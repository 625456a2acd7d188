"""From an OpenAI Whisper checkpoint (`.pt`) to a transformers Whisper."""

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    PreTrainedTokenizerBase,
    WhisperConfig,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)

from ..errors import InputError
from .generation import build_generation_config
from .processors import load_processor, openai_id
from .weights import WhisperWeights

# What openai/whisper calls the parts of a residual block, and transformers' names of the same parts; Whisper-AT's
# heads are built of the same blocks. Source: https://github.com/openai/whisper, `model.py`.
BLOCK_PARTS = {
    "attn_ln": "self_attn_layer_norm",
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "cross_attn_ln": "encoder_attn_layer_norm",
    "cross_attn.query": "encoder_attn.q_proj",
    "cross_attn.key": "encoder_attn.k_proj",
    "cross_attn.value": "encoder_attn.v_proj",
    "cross_attn.out": "encoder_attn.out_proj",
    "mlp_ln": "final_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
}

OUTSIDE_BLOCKS = {
    "encoder.positional_embedding": "model.encoder.embed_positions.weight",
    "decoder.positional_embedding": "model.decoder.embed_positions.weight",
    "decoder.token_embedding.weight": "model.decoder.embed_tokens.weight",
    "encoder.ln_post.weight": "model.encoder.layer_norm.weight",
    "encoder.ln_post.bias": "model.encoder.layer_norm.bias",
    "decoder.ln.weight": "model.decoder.layer_norm.weight",
    "decoder.ln.bias": "model.decoder.layer_norm.bias",
}
BLOCK = re.compile(r"(encoder|decoder)\.blocks\.(\d+)\.(.+)")


def load_openai(path: Path, processor: str | None = None) -> tuple[WhisperForConditionalGeneration, WhisperProcessor]:
    """The Whisper of a `.pt` file, in float32, with its generation config and a processor.

    Args:
        path: `{"dims": ..., "model_state_dict": ...}`, as openai publishes it and its trainers save it.
        processor: folder or hub id of the processor, which the file does not hold; by default the openai repository
            of that size. The generation config comes from there too, or is built if there is none.

    Raises:
        InputError: a file that is refused, broken or not Whisper, or a processor that is missing or does not fit.
    """
    weights = read_openai(path)
    config = weights.config()
    loaded = load_processor(processor, config)
    model = weights.model()
    model.generation_config = _generation_config(processor or openai_id(config), loaded.tokenizer, config)
    return model, loaded


def read_openai(path: Path) -> WhisperWeights:
    """The weights of a `.pt` file. Raises InputError if it is refused, broken or not a Whisper checkpoint."""
    checkpoint = load_pickle(path)
    if not isinstance(checkpoint.get("dims"), dict) or not isinstance(checkpoint.get("model_state_dict"), dict):
        raise InputError(
            f"{path} is no OpenAI Whisper checkpoint: it lacks dims or model_state_dict; a head goes to --head."
        )
    check_weights(checkpoint["model_state_dict"], path)
    state_dict = {_rename(name): weight for name, weight in checkpoint["model_state_dict"].items()}
    heads = [checkpoint["dims"].get(name) for name in ("n_audio_head", "n_text_head")]
    if not all(count is None or (isinstance(count, int) and count > 0) for count in heads):
        raise InputError(f"{path} has {heads} attention heads in its dims: it is damaged, copy or download it again.")
    return WhisperWeights(str(path), state_dict, *heads)


def check_weights(weights: dict, path: Path) -> None:
    """Raise InputError unless they are tensors by names."""
    if not all(isinstance(name, str) and isinstance(weight, torch.Tensor) for name, weight in weights.items()):
        raise InputError(f"{path} holds other things than tensors among its weights: it is no state_dict.")


def _rename(name: str) -> str:
    block = BLOCK.fullmatch(name)
    if block:
        part, layer, rest = block.groups()
        return f"model.{part}.layers.{layer}.{rename_block_part(rest)}"
    return OUTSIDE_BLOCKS.get(name, f"model.{name}")


def _generation_config(source: str, tokenizer: PreTrainedTokenizerBase, config: WhisperConfig) -> GenerationConfig:
    """The one saved beside the processor if it is of a model of this depth, else one built from the tokenizer."""
    built = build_generation_config(tokenizer, config)
    try:
        saved = GenerationConfig.from_pretrained(source)
    except OSError:
        return built
    layers = [layer for layer, _ in getattr(saved, "alignment_heads", None) or []]
    if not layers or max(layers) >= config.decoder_layers:
        return built
    if built.is_multilingual and getattr(saved, "task", None) is None:
        saved.task = built.task
    return saved


def rename_block_part(name: str) -> str:
    """Turn "attn.query.weight" into "self_attn.q_proj.weight"; a part that no block has keeps its name."""
    part, _, kind = name.rpartition(".")
    return f"{BLOCK_PARTS.get(part, part)}.{kind}"


def load_pickle(path: Path) -> dict[str, Any]:
    """The dictionary of tensors and plain values in a `.pt` or `.pth` file, on the CPU.

    Raises:
        InputError: the file is damaged, holds anything but plain tensors, numbers, texts and containers (such a
            pickle could run code, so it is not loaded), or is no dictionary.
    """
    try:
        with warnings.catch_warnings():
            # torch remarks on pickle protocols; what follows from them is said below.
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} was refused: it is no checkpoint of plain tensors, and loading other pickled objects could "
            "run code; save its state_dict alone with torch.save."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged or no PyTorch checkpoint: copy or download it again.") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a dictionary of weights.")
    return content
