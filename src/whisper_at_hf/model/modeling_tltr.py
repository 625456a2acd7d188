"""The tagging head: a Time-and-Layer-wise Transformer (TLTR) over the pooled states of all encoder layers.

Source of the architecture: Gong et al., "Whisper-AT", Interspeech 2023, section 3, https://arxiv.org/abs/2307.03183.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel, WhisperConfig
from transformers import initialization as init
from transformers.models.whisper.modeling_whisper import WhisperEncoderLayer
from transformers.utils import ModelOutput

from .configuration_whisper_at import TLTRConfig
from .errors import InputError


@dataclass
class TLTROutput(ModelOutput):
    """What a head returns.

    Attributes:
        loss: `()`, binary or categorical cross entropy; None without labels.
        logits: `(batch, num_labels)`, before sigmoid or softmax.
    """

    loss: torch.FloatTensor | None = None
    logits: torch.FloatTensor | None = None


class TLTRPreTrainedModel(PreTrainedModel):
    """Loading, saving and initialisation of heads."""

    config_class = TLTRConfig
    base_model_prefix = "tltr"
    main_input_name = "pooled_states"
    input_modalities = ("audio",)
    supports_gradient_checkpointing = True
    # The loss is the mean over the batch at hand, so that the Trainer has to average it over accumulated batches.
    accepts_loss_kwargs = False
    _no_split_modules = ["WhisperEncoderLayer"]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, nn.Linear):
            init.normal_(module.weight, mean=0.0, std=self.config.init_std)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, TLTRForAudioClassification) and hasattr(module, "layer_weights"):
            init.constant_(module.layer_weights, 1.0 / self.config.encoder_layers)


class TLTRForAudioClassification(TLTRPreTrainedModel):
    """TLTR, TLTR-512 (`projection_dim=512`) or, by `config.aggregation`, one of the paper's ablation heads."""

    def __init__(self, config: TLTRConfig):
        super().__init__(config)
        width = config.width
        if config.projection_dim:
            self.projection_norm = _each_layer(config, lambda: nn.LayerNorm(config.d_model))
            self.projection = _each_layer(config, lambda: nn.Linear(config.d_model, width))
        if config.aggregation.startswith("weighted"):
            self.layer_weights = nn.Parameter(torch.full((config.encoder_layers,), 1.0 / config.encoder_layers))
        if config.aggregation == "tltr" or config.aggregation.endswith("_time"):
            self.time_block = _residual_block(config, config.num_time_attention_heads)
        if config.aggregation == "tltr":
            self.layer_block = _residual_block(config, config.num_layer_attention_heads)
        self.classifier_norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, config.num_labels)
        self.post_init()

    def forward(
        self,
        pooled_states: torch.Tensor,
        labels: torch.Tensor | None = None,
        return_dict: bool | None = None,
        **kwargs,
    ) -> TLTROutput | tuple:
        """Tag one window per row of the batch.

        Args:
            pooled_states: `(batch, layers, steps, width)`, encoder block outputs before the final LayerNorm, averaged
                over `config.pooling_size` positions (0.4 s a step by default). Any number of steps will do.
            labels: multi-label: `(batch, num_labels)` of 0..1; single-label: `(batch,)` of class indices.

        Raises:
            InputError: `pooled_states` of another rank, layer count or width than the head's, or `labels` of another
                shape.
        """
        self._check_input(pooled_states)
        states = pooled_states.to(self.classifier.weight.dtype)
        vectors = self._tltr(states) if self.config.aggregation == "tltr" else self._ablation(states)
        logits = self.classifier(self.classifier_norm(vectors))
        loss = None if labels is None else self._loss(logits, labels)
        if not (self.config.return_dict if return_dict is None else return_dict):
            return (logits,) if loss is None else (loss, logits)
        return TLTROutput(loss=loss, logits=logits)

    def _tltr(self, states: torch.Tensor) -> torch.Tensor:
        """(batch, layers, steps, width) -> (batch, width): time Transformer per layer, then layer Transformer."""
        batch, layers, steps, _ = states.shape
        states = self._project(states).reshape(batch * layers, steps, -1)
        states = self._over_time(states).mean(dim=1)
        return self.layer_block(states.reshape(batch, layers, -1), None).mean(dim=1)

    def _ablation(self, states: torch.Tensor) -> torch.Tensor:
        """(batch, layers, steps, width) -> (batch, width): layers first, then the time Transformer or the mean."""
        if self.config.aggregation.startswith("last"):
            states = states[:, -1]
        elif self.config.aggregation.startswith("mean"):
            states = states.mean(dim=1)
        else:
            weights = self.layer_weights / self.layer_weights.sum()
            states = torch.einsum("blsd,l->bsd", states, weights)
        states = self._project(states)
        if self.config.aggregation.endswith("_time"):
            states = self._over_time(states)
        return states.mean(dim=1)

    def _over_time(self, states: torch.Tensor) -> torch.Tensor:
        """(rows, steps, width) -> the same shape, through the time Transformer."""
        if self.time_block.gradient_checkpointing and not states.requires_grad:
            # Reentrant checkpointing trains a block only if its input has a gradient; a frozen encoder's has none.
            states = states.detach().requires_grad_(self.training)
        return self.time_block(states, None)

    def _project(self, states: torch.Tensor) -> torch.Tensor:
        if not self.config.projection_dim:
            return states
        if not self.config.projection_per_layer:
            return self.projection(self.projection_norm(states))
        parts = zip(self.projection, self.projection_norm, states.unbind(dim=1), strict=True)
        return torch.stack([projection(norm(layer)) for projection, norm, layer in parts], dim=1)

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        labels = labels.to(logits.device)
        if self.config.problem_type == "single_label_classification":
            return nn.functional.cross_entropy(logits, labels)
        if labels.shape != logits.shape:
            raise InputError(
                f"This head takes labels of shape (batch, {self.config.num_labels}) of 0..1, not "
                f"{tuple(labels.shape)}; for one label a clip make the head with "
                'problem_type="single_label_classification".'
            )
        return nn.functional.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))

    def _check_input(self, pooled_states: torch.Tensor) -> None:
        layers, width = self.config.encoder_layers, self.config.d_model
        if pooled_states.dim() != 4 or (pooled_states.shape[1], pooled_states.shape[3]) != (layers, width):
            raise InputError(
                f"This head reads pooled states of shape (batch, {layers} layers, steps, {width} wide), "
                f"not {tuple(pooled_states.shape)}; pair it with the Whisper size that it was trained on."
            )


def _each_layer(config: TLTRConfig, make: Callable[[], nn.Module]) -> nn.Module:
    """One module for all encoder layers or, with `projection_per_layer`, a list of one for each."""
    return nn.ModuleList(make() for _ in range(config.encoder_layers)) if config.projection_per_layer else make()


def _residual_block(config: TLTRConfig, num_heads: int) -> WhisperEncoderLayer:
    """One pre-norm Transformer block of Whisper's kind with a 4x MLP and exact GELU, and no attention mask."""
    block = WhisperEncoderLayer(
        WhisperConfig(
            d_model=config.width,
            encoder_attention_heads=num_heads,
            encoder_ffn_dim=4 * config.width,
            dropout=config.dropout,
            attention_dropout=config.attention_dropout,
        )
    )
    # The attention looks its implementation (sdpa, eager, ...) up in its config: the head's own, so that
    # `attn_implementation=` and `set_attn_implementation` reach it.
    block.self_attn.config = config
    return block
