"""What openai/whisper calls the parts of a residual block, and transformers' names of the same parts.

Whisper-AT's heads are built of the same blocks. Source: https://github.com/openai/whisper, `model.py`.
"""

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


def rename_block_part(name: str) -> str:
    """Turn "attn.query.weight" into "self_attn.q_proj.weight"; a part that no block has keeps its name."""
    part, _, kind = name.rpartition(".")
    return f"{BLOCK_PARTS.get(part, part)}.{kind}"
