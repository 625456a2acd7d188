"""Whisper's decoder, one token at a time for many windows at once, with its keys and values kept in place.

The layers and weights are those of transformers' `WhisperDecoder`; what goes is the work that `generate` repeats for
every token: masks, cache bookkeeping and a Python call for each processor of the logits.
"""

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import WhisperForConditionalGeneration
from transformers.models.whisper.modeling_whisper import WhisperAttention, WhisperDecoderLayer


class CachedDecoder:
    """Decodes `rows` windows side by side; all rows have as many tokens.

    Args:
        model: the Whisper whose decoder runs.
        encoder_states: `(rows, positions, width)`, the encoder's last hidden state.
        max_length: tokens that there is room for, the prompt included.
        keep_attention: whether `cross_attentions` are wanted.
    """

    def __init__(
        self,
        model: WhisperForConditionalGeneration,
        encoder_states: torch.Tensor,
        max_length: int,
        keep_attention: bool = False,
    ):
        self._decoder = model.model.decoder
        self._proj_out = model.proj_out
        self._layers = [_Layer(layer, encoder_states, max_length, keep_attention) for layer in self._decoder.layers]
        self._length = 0

    def logits(self, tokens: torch.Tensor) -> torch.Tensor:
        """Append tokens `(rows, count)`; gives float32 logits `(rows, count, vocab_size)` of what follows each.

        More than one token at a time may come first only.
        """
        end = self._length + tokens.shape[1]
        positions = self._decoder.embed_positions.weight[self._length : end]
        states = self._decoder.embed_tokens(tokens) + positions
        for layer in self._layers:
            states = layer(states, self._length)
        self._length = end
        return self._proj_out(self._decoder.layer_norm(states)).float()

    def cross_attentions(self) -> tuple[torch.Tensor, ...]:
        """How the last tokens looked at the encoder's positions: per layer `(rows, heads, count, positions)`."""
        return tuple(layer.attention for layer in self._layers)

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with some rows only, given by their indices."""
        for layer in self._layers:
            layer.keep(rows, self._length)


class _Layer:
    """One decoder layer with the keys and values of the tokens so far and of the encoder's states."""

    def __init__(
        self, layer: WhisperDecoderLayer, encoder_states: torch.Tensor, max_length: int, keep_attention: bool
    ):
        self._layer = layer
        self._keep_attention = keep_attention
        self.attention: torch.Tensor | None = None
        attention = layer.encoder_attn
        # Laid out for a matrix times a vector, which on a CPU is a third faster than a vector times a matrix.
        self._cross_keys = _by_head(attention, attention.k_proj(encoder_states)).contiguous()
        self._cross_values = _by_head(attention, attention.v_proj(encoder_states)).transpose(-1, -2).contiguous()
        shape = (len(encoder_states), attention.num_heads, max_length, attention.head_dim)
        self._keys, self._values = encoder_states.new_empty(shape), encoder_states.new_empty(shape)

    def __call__(self, states: torch.Tensor, start: int) -> torch.Tensor:
        """`(rows, count, width)`, the tokens from position `start` on."""
        layer = self._layer
        states = states + self._self_attention(layer.self_attn_layer_norm(states), start)
        states = states + self._cross_attention(layer.encoder_attn_layer_norm(states))
        return states + layer.fc2(layer.activation_fn(layer.fc1(layer.final_layer_norm(states))))

    def _self_attention(self, states: torch.Tensor, start: int) -> torch.Tensor:
        attention, end = self._layer.self_attn, start + states.shape[1]
        self._keys[:, :, start:end] = _by_head(attention, attention.k_proj(states))
        self._values[:, :, start:end] = _by_head(attention, attention.v_proj(states))
        queries, keys, values = (
            _by_head(attention, attention.q_proj(states)),
            self._keys[:, :, :end],
            self._values[:, :, :end],
        )
        if states.shape[1] > 1:
            attended = scaled_dot_product_attention(queries, keys, values, is_causal=True)
        else:
            # For a single query the fused attention takes twice the time of its two products, in bfloat16.
            weights = torch.matmul(queries * attention.scaling, keys.transpose(-1, -2)).softmax(dim=-1)
            attended = torch.matmul(weights, values)
        return attention.out_proj(attended.transpose(1, 2).flatten(2))

    def _cross_attention(self, states: torch.Tensor) -> torch.Tensor:
        attention = self._layer.encoder_attn
        queries = _by_head(attention, attention.q_proj(states) * attention.scaling)
        weights = torch.matmul(self._cross_keys, queries.transpose(-1, -2)).transpose(-1, -2).softmax(dim=-1)
        self.attention = weights.float() if self._keep_attention else None
        attended = torch.matmul(self._cross_values, weights.transpose(-1, -2))
        return attention.out_proj(attended.permute(0, 3, 1, 2).flatten(2))

    def keep(self, rows: torch.Tensor, length: int) -> None:
        self._cross_keys, self._cross_values = self._cross_keys[rows], self._cross_values[rows]
        kept = []
        for cache in (self._keys, self._values):
            smaller = cache.new_empty(len(rows), *cache.shape[1:])
            smaller[:, :, :length] = cache[rows, :, :length]
            kept.append(smaller)
        self._keys, self._values = kept


def _by_head(attention: WhisperAttention, states: torch.Tensor) -> torch.Tensor:
    """`(rows, count, width)` -> `(rows, heads, count, head_dim)`."""
    return states.unflatten(-1, (attention.num_heads, attention.head_dim)).transpose(1, 2)
