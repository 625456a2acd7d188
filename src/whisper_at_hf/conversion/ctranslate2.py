"""From a CTranslate2 Whisper folder (model.bin, config.json, tokenizer.json) to a transformers Whisper."""

import json
from pathlib import Path

import torch
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from ..errors import InputError, first_line
from .ctranslate2_reader import read_model_bin
from .generation import build_generation_config
from .processors import load_processor, processor_from_tokenizer_json
from .weights import WhisperWeights

# CTranslate2 stacks the projections of one attention: all three in self-attention, key and value in cross-attention.
SELF_ATTENTION = {"linear_0": ("q_proj", "k_proj", "v_proj"), "linear_1": ("out_proj",)}
CROSS_ATTENTION = {"linear_0": ("q_proj",), "linear_1": ("k_proj", "v_proj"), "linear_2": ("out_proj",)}
FEED_FORWARD = {"linear_0": ("fc1",), "linear_1": ("fc2",)}


def load_ctranslate2(
    folder: Path, processor: str | None = None
) -> tuple[WhisperForConditionalGeneration, WhisperProcessor]:
    """The Whisper of a CTranslate2 folder, in float32, with its generation config and its processor.

    Args:
        folder: holds model.bin and, as Systran's conversions do, config.json and tokenizer.json.
        processor: folder or hub id to take the processor from instead of tokenizer.json.

    Raises:
        InputError: a file is missing or broken, or the tokenizer does not fit the weights.
    """
    weights = read_ctranslate2(folder)
    config = weights.config()
    if processor is None and (folder / "tokenizer.json").is_file():
        loaded = processor_from_tokenizer_json(folder / "tokenizer.json", config)
    else:
        loaded = load_processor(processor, config)
    settings = _read_settings(folder / "config.json")
    model = weights.model()
    try:
        model.generation_config = build_generation_config(
            loaded.tokenizer,
            config,
            suppress_tokens=settings.get("suppress_ids"),
            alignment_heads=settings.get("alignment_heads"),
        )
    except Exception as error:  # transformers raises many kinds, some of them plain
        raise InputError(
            f"{folder} has a config.json or tokenizer.json that cannot be used ({first_line(error)}): copy or "
            "download the CTranslate2 model again."
        ) from error
    return model, loaded


def read_ctranslate2(folder: Path) -> WhisperWeights:
    """The weights of `folder`/model.bin. Raises InputError if the file is missing, broken or not a whole Whisper."""
    path = folder / "model.bin"
    variables = read_model_bin(path)
    try:
        state_dict = _whisper_state_dict(variables)
    except KeyError as error:
        raise InputError(
            f"{path} lacks the weight {error}: give the conversion of a complete Whisper model."
        ) from error
    except (RuntimeError, ValueError) as error:  # stacked projections that cannot be taken apart
        raise InputError(f"{path} has weights of shapes that no Whisper has: copy or download it again.") from error
    heads = {part: variables.get(f"{part}/num_heads") for part in ("encoder", "decoder")}
    return WhisperWeights(
        str(path),
        state_dict,
        **{f"{part}_heads": count.squeeze().tolist() for part, count in heads.items() if count is not None},
    )


def _whisper_state_dict(variables: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    state_dict = {
        "model.encoder.embed_positions.weight": variables["encoder/position_encodings/encodings"],
        "model.decoder.embed_positions.weight": variables["decoder/position_encodings/encodings"],
        "model.decoder.embed_tokens.weight": variables["decoder/embeddings/weight"],
    }
    for name in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            state_dict[f"model.encoder.{name}.{kind}"] = variables[f"encoder/{name}/{kind}"]
    for part in ("encoder", "decoder"):
        state_dict |= _norm(f"model.{part}.layer_norm", variables, f"{part}/layer_norm")
        prefix = f"{part}/layer_"
        numbers = {name.removeprefix(prefix).split("/")[0] for name in variables if name.startswith(prefix)}
        for layer in range(len(numbers - {"norm"})):
            state_dict |= _layer(f"model.{part}.layers.{layer}", variables, f"{prefix}{layer}", part == "decoder")
    return state_dict


def _layer(target: str, variables: dict, source: str, decoder: bool) -> dict[str, torch.Tensor]:
    state_dict = {
        **_norm(f"{target}.self_attn_layer_norm", variables, f"{source}/self_attention/layer_norm"),
        **_linears(f"{target}.self_attn.", variables, f"{source}/self_attention", SELF_ATTENTION),
        **_norm(f"{target}.final_layer_norm", variables, f"{source}/ffn/layer_norm"),
        **_linears(f"{target}.", variables, f"{source}/ffn", FEED_FORWARD),
    }
    if decoder:
        state_dict |= _norm(f"{target}.encoder_attn_layer_norm", variables, f"{source}/attention/layer_norm")
        state_dict |= _linears(f"{target}.encoder_attn.", variables, f"{source}/attention", CROSS_ATTENTION)
    return state_dict


def _norm(target: str, variables: dict, source: str) -> dict[str, torch.Tensor]:
    return {f"{target}.weight": variables[f"{source}/gamma"], f"{target}.bias": variables[f"{source}/beta"]}


def _linears(prefix: str, variables: dict, source: str, stacks: dict[str, tuple]) -> dict[str, torch.Tensor]:
    state_dict = {}
    for linear, names in stacks.items():
        for kind in ("weight", "bias"):
            parts = variables[f"{source}/{linear}/{kind}"].chunk(len(names))
            state_dict |= {f"{prefix}{name}.{kind}": part for name, part in zip(names, parts, strict=True)}
    # Whisper's keys have no bias: CTranslate2 stores zeros there, and softmax would cancel any other value.
    state_dict.pop(f"{prefix}k_proj.bias", None)
    return state_dict


def _read_settings(path: Path) -> dict:
    if not path.is_file():
        return {}
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not valid JSON ({error}): copy or download the CTranslate2 model again."
        ) from error
    if not isinstance(settings, dict):
        raise InputError(f"{path} holds no settings by name: copy or download the CTranslate2 model again.")
    return settings
