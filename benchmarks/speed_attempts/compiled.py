"""`torch.compile`. Compilation happens in the first run with the switch on, and its seconds are shown."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from unittest.mock import patch

import torch
from transformers import Pipeline

from whisper_at_hf.decoding import cached_decoder

Switch = Callable[[], AbstractContextManager]


def encoder(pipe: Pipeline) -> Switch:
    """Each of the encoder's layers; what watches their outputs stays outside."""
    return _compiled_layers(pipe)


def frozen_encoder(pipe: Pipeline) -> Switch:
    """The same with weights as constants, which lets the compiler lay them out anew and use oneDNN."""
    # As an option of a single `torch.compile` it would come too late: weights would be arguments by then.
    torch._inductor.config.freezing = True
    return _compiled_layers(pipe)


def _compiled_layers(pipe: Pipeline) -> Switch:
    layers = pipe.model.model.encoder.layers
    forwards = [torch.compile(layer.forward, dynamic=False) for layer in layers]

    @contextmanager
    def switch():
        with ExitStack() as stack:
            for layer, forward in zip(layers, forwards, strict=True):
                stack.enter_context(patch.object(layer, "forward", forward))
            yield

    return switch


def decoder(pipe: Pipeline) -> Switch:
    """All layers of a decoder step as one graph, for any number of rows and of tokens so far."""
    torch._dynamo.config.recompile_limit = 32
    step = torch.compile(cached_decoder.CachedDecoder.logits, dynamic=True)
    return lambda: patch.object(cached_decoder.CachedDecoder, "logits", step)
