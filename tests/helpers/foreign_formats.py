"""Writes Whispers the way CTranslate2 and openai/whisper do, to be read back by the converters."""

import struct
from pathlib import Path

import torch
from transformers import WhisperForConditionalGeneration

CTRANSLATE2_TYPES = {torch.float32: 0, torch.int8: 1, torch.int16: 2, torch.int32: 3, torch.float16: 4}


def _string(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def write_model_bin(
    path: Path,
    variables: dict[str, torch.Tensor],
    aliases: dict[str, str] | None = None,
    version: int = 6,
    spec: str = "WhisperSpec",
) -> None:
    parts = [struct.pack("<I", version), _string(spec), struct.pack("<II", 3, len(variables))]
    for name, value in variables.items():
        data = value.contiguous().numpy().tobytes()
        parts += [_string(name), struct.pack(f"<B{value.dim()}I", value.dim(), *value.shape)]
        parts += [struct.pack("<BI", CTRANSLATE2_TYPES[value.dtype], len(data)), data]
    parts.append(struct.pack("<I", len(aliases or {})))
    parts += [_string(alias) + _string(target) for alias, target in (aliases or {}).items()]
    path.write_bytes(b"".join(parts))


def quantised(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """int8 rows and the factor that each row was multiplied with."""
    scale = 127 / weight.abs().amax(dim=1)
    return (weight * scale[:, None]).round().to(torch.int8), scale


def ctranslate2_variables(model: WhisperForConditionalGeneration) -> dict[str, torch.Tensor]:
    state = {name: weight.detach() for name, weight in model.state_dict().items()}
    variables = {
        "decoder/embeddings/weight": state["model.decoder.embed_tokens.weight"],
        "decoder/pre_norm": torch.tensor(1, dtype=torch.int8),
    }
    for part in ("encoder", "decoder"):
        config, source = model.config, f"model.{part}"
        heads = config.encoder_attention_heads if part == "encoder" else config.decoder_attention_heads
        variables[f"{part}/num_heads"] = torch.tensor(heads, dtype=torch.int16)
        variables[f"{part}/position_encodings/encodings"] = state[f"{source}.embed_positions.weight"]
        variables |= _norm(f"{part}/layer_norm", state, f"{source}.layer_norm")
        for layer in range(config.encoder_layers if part == "encoder" else config.decoder_layers):
            variables |= _layer(f"{part}/layer_{layer}", state, f"{source}.layers.{layer}", part == "decoder")
    for conv in ("conv1", "conv2"):
        variables[f"encoder/{conv}/weight"] = state[f"model.encoder.{conv}.weight"]
        variables[f"encoder/{conv}/bias"] = state[f"model.encoder.{conv}.bias"]
    return variables


def _layer(target: str, state: dict, source: str, decoder: bool) -> dict[str, torch.Tensor]:
    variables = _norm(f"{target}/self_attention/layer_norm", state, f"{source}.self_attn_layer_norm")
    variables |= _norm(f"{target}/ffn/layer_norm", state, f"{source}.final_layer_norm")
    stacks = {
        "self_attention/linear_0": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
        "self_attention/linear_1": ["self_attn.out_proj"],
        "ffn/linear_0": ["fc1"],
        "ffn/linear_1": ["fc2"],
    }
    if decoder:
        variables |= _norm(f"{target}/attention/layer_norm", state, f"{source}.encoder_attn_layer_norm")
        stacks["attention/linear_0"] = ["encoder_attn.q_proj"]
        stacks["attention/linear_1"] = ["encoder_attn.k_proj", "encoder_attn.v_proj"]
        stacks["attention/linear_2"] = ["encoder_attn.out_proj"]
    for linear, names in stacks.items():
        weights = [state[f"{source}.{name}.weight"] for name in names]
        biases = [
            state.get(f"{source}.{name}.bias", torch.zeros(len(w))) for name, w in zip(names, weights, strict=True)
        ]
        variables[f"{target}/{linear}/weight"] = torch.cat(weights)
        variables[f"{target}/{linear}/bias"] = torch.cat(biases)
    return variables


def _norm(target: str, state: dict, source: str) -> dict[str, torch.Tensor]:
    return {f"{target}/gamma": state[f"{source}.weight"], f"{target}/beta": state[f"{source}.bias"]}


OPENAI_NAMES = [
    ("model.", ""),
    ("layers", "blocks"),
    ("self_attn_layer_norm", "attn_ln"),
    ("encoder_attn_layer_norm", "cross_attn_ln"),
    ("final_layer_norm", "mlp_ln"),
    ("self_attn", "attn"),
    ("encoder_attn", "cross_attn"),
    ("q_proj", "query"),
    ("k_proj", "key"),
    ("v_proj", "value"),
    ("out_proj", "out"),
    ("fc1", "mlp.0"),
    ("fc2", "mlp.2"),
    ("embed_positions.weight", "positional_embedding"),
    ("embed_tokens", "token_embedding"),
    ("encoder.layer_norm", "encoder.ln_post"),
    ("decoder.layer_norm", "decoder.ln"),
]


def openai_checkpoint(model: WhisperForConditionalGeneration) -> dict:
    """`{"dims", "model_state_dict"}` in float16, as openai publishes its models."""
    weights = {}
    for name, weight in model.state_dict().items():
        if name != "proj_out.weight":
            for ours, openai in OPENAI_NAMES:
                name = name.replace(ours, openai)
            weights[name] = weight.detach().half()
    config = model.config
    dims = {
        "n_mels": config.num_mel_bins,
        "n_audio_ctx": config.max_source_positions,
        "n_audio_state": config.d_model,
        "n_audio_head": config.encoder_attention_heads,
        "n_audio_layer": config.encoder_layers,
        "n_vocab": config.vocab_size,
        "n_text_ctx": config.max_target_positions,
        "n_text_state": config.d_model,
        "n_text_head": config.decoder_attention_heads,
        "n_text_layer": config.decoder_layers,
    }
    return {"dims": dims, "model_state_dict": weights}
