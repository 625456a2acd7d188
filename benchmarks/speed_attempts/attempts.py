"""What was tried to make batched mode faster. Each attempt is prepared once, and then switched on for single runs."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from unittest.mock import patch

import torch
from transformers import Pipeline

from whisper_at_hf.decoding import cached_decoder
from whisper_at_hf.model import onednn

from . import compiled, fused, quantised

BATCHED = {"mode": "batched"}
SEQUENTIAL = {"mode": "sequential", "num_beams": 1}

Switch = Callable[[], AbstractContextManager]


@dataclass(frozen=True)
class Attempt:
    """One way to be faster, or, where the package has taken it up, the package without it.

    Args:
        title: its row in the table.
        prepare: what it takes once (quantising, marking what is to be compiled); gives the switch.
        reference: arguments of the call that it is compared with.
        call: arguments of its own call.
        kept: whether the package does this already; then `prepare` switches it off.
    """

    title: str
    prepare: Callable[[Pipeline], Switch]
    reference: dict = field(default_factory=lambda: BATCHED)
    call: dict = field(default_factory=lambda: BATCHED)
    kept: bool = False


def nothing(pipe: Pipeline) -> Switch:
    """For attempts that differ in their call alone."""
    return nullcontext


def without_onednn(pipe: Pipeline) -> Switch:
    """Linear layers as PyTorch does them, by MKL: oneDNN is what the package has taken up."""
    return lambda: patch.object(onednn, "HAS_OPERATOR", False)


def low_precision_products(pipe: Pipeline) -> Switch:
    """PyTorch's own setting, which lets float32 matrices be multiplied in bfloat16 where the processor can."""

    @contextmanager
    def switch() -> Iterator[None]:
        torch.set_float32_matmul_precision("medium")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision("highest")

    return switch


def bfloat16_logits(pipe: Pipeline) -> Switch:
    """The product with the vocabulary in bfloat16, all else as it was."""
    weight = pipe.model.proj_out.weight.detach().bfloat16()
    return replaced_logits(lambda states: torch.nn.functional.linear(states.bfloat16(), weight))


def packed_logits(pipe: Pipeline) -> Switch:
    """The vocabulary laid out as oneDNN likes it best, which takes its memory a second time."""
    weight = pipe.model.proj_out.weight.detach()
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, None)
    return replaced_logits(lambda states: torch.ops.mkldnn._linear_pointwise(states, packed, None, "none", [], ""))


def int8_logits(pipe: Pipeline) -> Switch:
    """The product with the vocabulary in int8."""
    return replaced_logits(quantised.dynamic(torch.nn.Sequential(pipe.model.proj_out)))


def replaced_logits(projection: Callable[[torch.Tensor], torch.Tensor]) -> Switch:
    """A switch with which decoders get their logits from `projection`."""
    make = cached_decoder.CachedDecoder.__init__

    def make_with_projection(self, *args, **kwargs):
        make(self, *args, **kwargs)
        self._proj_out = projection

    return lambda: patch.object(cached_decoder.CachedDecoder, "__init__", make_with_projection)


def kept_blocks(pipe: Pipeline) -> Switch:
    """glibc told to keep large blocks, rather than give them back and have the kernel clear new ones."""
    threshold, trim = -3, -1  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
    library = ctypes.CDLL(None)

    @contextmanager
    def switch() -> Iterator[None]:
        for setting in (threshold, trim):
            library.mallopt(setting, 2**30)
        try:
            yield
        finally:
            for setting in (threshold, trim):
                library.mallopt(setting, 128 * 2**10)

    return switch


ATTEMPTS = {
    "mkl": Attempt("float32 linear layers by oneDNN", without_onednn, kept=True),
    "medium": Attempt("`set_float32_matmul_precision('medium')`", low_precision_products),
    "bf16-logits": Attempt("logits in bfloat16", bfloat16_logits),
    "packed-logits": Attempt("vocabulary packed for oneDNN, kept twice", packed_logits),
    "int8-logits": Attempt("logits in int8 (dynamic quantisation)", int8_logits),
    "int8-decoder": Attempt("decoder in int8 (dynamic quantisation)", quantised.decoder),
    "int8": Attempt("encoder and decoder in int8 (dynamic quantisation)", quantised.all_layers),
    "torchao-weights": Attempt("decoder's weights in int8 (torchao)", quantised.torchao_weights),
    "torchao-dynamic": Attempt("encoder and decoder in int8 (torchao, dynamic)", quantised.torchao_dynamic),
    "fused-qkv": Attempt("query, key and value of a decoder step in one product", fused.projections),
    "fused-gelu": Attempt("activation inside the product, encoder", fused.activations),
    "compile-encoder": Attempt("`torch.compile` of the encoder's layers", compiled.encoder),
    "compile-encoder-frozen": Attempt("the same with weights frozen in", compiled.frozen_encoder),
    "compile-decoder": Attempt("`torch.compile` of the decoder's step", compiled.decoder),
    "malloc": Attempt("allocator that keeps large blocks", kept_blocks),
    "sequential": Attempt("sequential mode, greedy, against batched", nothing, call=SEQUENTIAL),
    "prompt-lookup": Attempt(
        "prompt lookup, against sequential mode",
        nothing,
        reference=SEQUENTIAL,
        call={**SEQUENTIAL, "generate_kwargs": {"prompt_lookup_num_tokens": 5}},
    ),
    "early-exit": Attempt(
        "first half of the decoder's layers as assistant, against sequential mode",
        nothing,
        reference=SEQUENTIAL,
        call={**SEQUENTIAL, "generate_kwargs": {"assistant_early_exit": 2}},
    ),
}
