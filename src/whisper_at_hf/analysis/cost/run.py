"""What tagging costs: parameters and multiply-accumulates of heads, encoders and AST, counted in the real modules."""

from dataclasses import asdict
from typing import Any

from transformers import ASTConfig, ASTForAudioClassification

from ...labels import audioset_labels
from ...model.configuration_whisper_at import TLTRConfig
from ...model.modeling_tltr import TLTRForAudioClassification
from ...model.modeling_whisper_at import WhisperATEncoderModel
from ...model.tagging import FRAMES_PER_SECOND
from ..published import AST, PUBLISHED_RATIO
from .counting import Count, count, on_meta
from .sizes import SIZES, WhisperSize, find_sizes

# Seconds of audio that a head decides on, https://arxiv.org/abs/2307.03183, section 3; and of Whisper's full window.
WINDOW_S, FULL_WINDOW_S = 10, 30
STEPS_PER_WINDOW = 25  # of 0.4 s
# The head and the Whisper for which the poster compares operations with AST.
COMPARED_HEAD, COMPARED_WHISPER = "TLTR-512", "large-v1"


def cost(sizes: list[str] | None = None) -> dict[str, Any]:
    """The costs of Whisper's sizes, of their heads for AudioSet's 527 labels, and of AST.

    Args:
        sizes: names of Whispers ("tiny", "base.en", "large-v3-turbo" ...); all of them for None.

    Returns:
        `whispers`, one entry a size from `size_cost`; `ast` from `ast_cost`; `comparison` from `compare_with_ast`.

    Raises:
        InputError: a size that Whisper does not have.
    """
    wanted, ast = find_sizes(sizes), ast_cost()
    return {
        "whispers": [size_cost(size) for size in wanted],
        "ast": {**asdict(ast), "published": asdict(AST)},
        "comparison": compare_with_ast(ast),
    }


def size_cost(size: WhisperSize) -> dict[str, Any]:
    """What the encoder of a Whisper and its heads cost.

    Returns:
        `whisper` (its names), `layers`, `width`; `encoder` with `parameters`, `macs_10s` and `macs_30s` of one window;
        and in `heads`, for each one, `parameters`, `macs_10s`, `macs_30s` (of three windows of 10 s), and
        `share_of_30s_pass`, the latter as a part of the encoder's.
    """
    encoder = on_meta(lambda: WhisperATEncoderModel(_eager(size.config())))
    passes = {
        seconds: count(encoder, 1, size.mels, seconds * FRAMES_PER_SECOND, output_pooled_states=True)
        for seconds in (WINDOW_S, FULL_WINDOW_S)
    }
    windows = FULL_WINDOW_S // WINDOW_S
    heads = {}
    for name, config in size.head_configs().items():
        one, all_windows = head_cost(config), head_cost(config, windows)
        heads[name] = {
            "parameters": one.parameters,
            "macs_10s": one.macs,
            "macs_30s": all_windows.macs,
            "share_of_30s_pass": all_windows.macs / passes[FULL_WINDOW_S].macs,
        }
    return {
        "whisper": list(size.names),
        "layers": size.layers,
        "width": size.width,
        "encoder": {
            "parameters": passes[FULL_WINDOW_S].parameters,
            "macs_10s": passes[WINDOW_S].macs,
            "macs_30s": passes[FULL_WINDOW_S].macs,
        },
        "heads": heads,
    }


def head_cost(config: TLTRConfig, windows: int = 1) -> Count:
    """What a head costs for that many windows of 10 s, from pooled states, which the encoder's pass leaves behind."""
    head = on_meta(lambda: TLTRForAudioClassification(_eager(config)))
    return count(head, windows, config.encoder_layers, STEPS_PER_WINDOW, config.d_model)


def ast_cost(config: ASTConfig | None = None) -> Count:
    """What an Audio Spectrogram Transformer costs for one clip; None for the published one, AudioSet and 10.24 s."""
    config = ASTConfig(id2label=dict(enumerate(audioset_labels()))) if config is None else config
    model = on_meta(lambda: ASTForAudioClassification(_eager(config)))
    return count(model, 1, config.max_length, config.num_mel_bins)


def compare_with_ast(ast: Count) -> list[dict[str, Any]]:
    """How many times the operations of the poster's head AST takes, under every convention of counting in use.

    Returns:
        For each, `convention`; `ast` and `head`, thousand millions of operations for 10 s; their `ratio`.
    """
    size = next(size for size in SIZES if size.name == COMPARED_WHISPER)
    head = head_cost(size.head_configs()[COMPARED_HEAD])
    giga = 1e9
    rows = [
        ("published", AST.operations, AST.operations / PUBLISHED_RATIO),
        ("published AST, counted head", AST.operations, head.macs / giga),
        ("counted, MAC", ast.macs / giga, head.macs / giga),
        ("counted, FLOP as 2 x MAC", 2 * ast.macs / giga, 2 * head.macs / giga),
        (
            "counted, 2 x MAC without attention's products",
            2 * (ast.macs - ast.attention_macs) / giga,
            2 * (head.macs - head.attention_macs) / giga,
        ),
    ]
    return [
        {"convention": convention, "ast": whole, "head": part, "ratio": whole / part}
        for convention, whole, part in rows
    ]


def _eager(config: Any) -> Any:
    """`config` with attention that is counted, see `on_meta`."""
    config._attn_implementation = "eager"
    return config
