"""How long heads, encoders and AST take on the processor at hand, with random weights, which take as long as real."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from transformers import ASTConfig, ASTForAudioClassification

from ...errors import InputError
from ...labels import audioset_labels
from ...model.modeling_tltr import TLTRForAudioClassification
from ...model.modeling_whisper_at import WhisperATEncoderModel
from ...model.tagging import FRAMES_PER_SECOND
from .machine import describe_machine
from .run import FULL_WINDOW_S, STEPS_PER_WINDOW, WINDOW_S
from .sizes import WhisperSize, find_sizes


def latency(
    sizes: list[str] | None = None, repeats: int = 5, announce: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Median seconds of one pass over one window, in float32, as the modules run by default; audio is not read.

    Args:
        sizes: names of Whispers, as of `cost`; all for None, of which the largest needs 3 GB of memory.
        repeats: passes that are timed, after one that is not.
        announce: told what is measured next.

    Returns:
        `machine`, `repeats`; `whispers`, for each size its names as `whisper`, `encoder_10s`, `encoder_30s` and
        `heads` (a window of 10 s); and `ast` (10 s).

    Raises:
        InputError: less than one repeat, or a size that Whisper does not have.
    """
    if repeats < 1:
        raise InputError(f"repeats={repeats} measures nothing; use 1 or more.")
    wanted = find_sizes(sizes)
    say = announce or (lambda line: None)
    rows = []
    for size in wanted:
        say(f"Timing Whisper {size.name}")
        rows.append(_size_latency(size, repeats))
    say("Timing AST")
    config = ASTConfig(id2label=dict(enumerate(audioset_labels())))
    ast = ASTForAudioClassification(config).eval()
    return {
        "machine": describe_machine("cpu", torch.get_num_threads()),
        "repeats": repeats,
        "whispers": rows,
        "ast": _median_seconds(lambda: ast(torch.zeros(1, config.max_length, config.num_mel_bins)), repeats),
    }


def _size_latency(size: WhisperSize, repeats: int) -> dict[str, Any]:
    """The entry of `latency` for one size."""
    encoder = WhisperATEncoderModel(size.config()).eval()

    def encode(seconds: int) -> float:
        features = torch.zeros(1, size.mels, seconds * FRAMES_PER_SECOND)
        return _median_seconds(lambda: encoder(features, output_pooled_states=True), repeats)

    heads = {}
    for name, config in size.head_configs().items():
        head = TLTRForAudioClassification(config).eval()
        states = torch.zeros(1, size.layers, STEPS_PER_WINDOW, size.width)
        heads[name] = _median_seconds(lambda head=head, states=states: head(states), repeats)
    return {
        "whisper": list(size.names),
        "encoder_10s": encode(WINDOW_S),
        "encoder_30s": encode(FULL_WINDOW_S),
        "heads": heads,
    }


def _median_seconds(run: Callable[[], Any], repeats: int) -> float:
    """Seconds that `run` takes, after a first time that warms caches up."""
    seconds = []
    with torch.inference_mode():
        run()
        for _ in range(repeats):
            started = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
