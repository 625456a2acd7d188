"""Products joined with each other, and with what follows them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from unittest.mock import patch

import torch
from torch.nn.functional import linear, scaled_dot_product_attention
from transformers import Pipeline

from whisper_at_hf.decoding import cached_decoder

Switch = Callable[[], AbstractContextManager]


def projections(pipe: Pipeline) -> Switch:
    """One product for query, key and value of the decoder's self attention, where there are three."""
    joined = {id(layer): _joined(layer.self_attn) for layer in pipe.model.model.decoder.layers}

    def self_attention(self, states: torch.Tensor, start: int) -> torch.Tensor:
        """As in the package, but for the first three lines."""
        attention, end = self._layer.self_attn, start + states.shape[1]
        weight, bias = joined[id(self._layer)]
        parts = linear(states, weight, bias).chunk(3, dim=-1)
        queries, keys, values = (cached_decoder._by_head(attention, part) for part in parts)
        self._keys[:, :, start:end], self._values[:, :, start:end] = keys, values
        keys, values = self._keys[:, :, :end], self._values[:, :, :end]
        if states.shape[1] > 1:
            attended = scaled_dot_product_attention(queries, keys, values, is_causal=True, scale=1.0)
        else:
            attended = torch.matmul(torch.matmul(queries, keys.transpose(-1, -2)).softmax(dim=-1), values)
        return attention.out_proj(attended.transpose(1, 2).flatten(2))

    return lambda: patch.object(cached_decoder._Layer, "_self_attention", self_attention)


def _joined(attention) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias of the three projections, the query's scaled."""
    query, key, value = attention.q_proj, attention.k_proj, attention.v_proj
    weight = torch.cat([query.weight * attention.scaling, key.weight, value.weight])
    # Whisper's key has no bias.
    bias = torch.cat([query.bias * attention.scaling, torch.zeros_like(query.bias), value.bias])
    return weight.detach(), bias.detach()


def activations(pipe: Pipeline) -> Switch:
    """The encoder's GELU computed by oneDNN while the result of the product before it is at hand."""
    layers = pipe.model.model.encoder.layers

    @contextmanager
    def switch():
        with ExitStack() as stack:
            for layer in layers:
                stack.enter_context(patch.object(layer.fc1, "forward", _product_and_gelu(layer.fc1)))
                stack.enter_context(patch.object(layer, "activation_fn", torch.nn.Identity()))
            yield

    return switch


def _product_and_gelu(layer: torch.nn.Linear) -> Callable[[torch.Tensor], torch.Tensor]:
    def forward(states: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(states, layer.weight, layer.bias, "gelu", [], "none")

    return forward
