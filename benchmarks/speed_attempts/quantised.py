"""int8: PyTorch's own dynamic quantisation of linear layers, and torchao."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from transformers import Pipeline


def dynamic(module: nn.Module) -> nn.Module:
    """A copy with linear layers in int8: weights by layer, what goes into them by call."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.ao.quantization.quantize_dynamic(copy.deepcopy(module), {nn.Linear}, dtype=torch.qint8)


def decoder(pipe: Pipeline):
    """Decoder and logits."""
    return _switch(pipe, _decoder(pipe, dynamic))


def all_layers(pipe: Pipeline):
    """Encoder, decoder and logits."""
    return _switch(pipe, [*_decoder(pipe, dynamic), *_encoder(pipe, dynamic)])


def torchao_weights(pipe: Pipeline):
    """Decoder and logits with weights in int8 and products in float32."""
    from torchao.quantization import Int8WeightOnlyConfig

    return _switch(pipe, _decoder(pipe, lambda module: _by_torchao(module, Int8WeightOnlyConfig())))


def torchao_dynamic(pipe: Pipeline):
    """Encoder, decoder and logits in int8."""
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig

    def quantise(module: nn.Module) -> nn.Module:
        return _by_torchao(module, Int8DynamicActivationInt8WeightConfig())

    return _switch(pipe, [*_decoder(pipe, quantise), *_encoder(pipe, quantise)])


def _by_torchao(module: nn.Module, config) -> nn.Module:
    from torchao.quantization import quantize_

    module = copy.deepcopy(module)
    quantize_(module, config)
    return module


# Each a parent, the name of its child, and what takes the child's place. Layers alone: embeddings stay as they are.
Replacement = tuple[nn.Module, str, nn.Module]


def _decoder(pipe: Pipeline, quantise) -> list[Replacement]:
    model = pipe.model
    # The weight of the logits is also that of the embeddings.
    logits = nn.Linear(model.config.d_model, model.config.vocab_size, bias=False)
    logits.weight = nn.Parameter(model.proj_out.weight.detach().clone())
    return [
        (model.model.decoder, "layers", quantise(model.model.decoder.layers)),
        (model, "proj_out", quantise(nn.Sequential(logits))),
    ]


def _encoder(pipe: Pipeline, quantise) -> list[Replacement]:
    encoder = pipe.model.model.encoder
    return [(encoder, "layers", quantise(encoder.layers))]


def _switch(pipe: Pipeline, replacements: list[Replacement]):
    @contextmanager
    def switch() -> Iterator[None]:
        before = [(parent, name, getattr(parent, name)) for parent, name, _ in replacements]
        for parent, name, module in replacements:
            setattr(parent, name, module)
        try:
            yield
        finally:
            for parent, name, module in before:
                setattr(parent, name, module)

    return switch
