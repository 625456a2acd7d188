"""What is exported: modules of fixed sizes, tensors in and out, without a choice left to make inside."""

from typing import Any

import torch
from torch import nn

from ..errors import InputError
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.tagging import FRAMES_PER_SECOND, steps_per_window
from ..model.timeline import FRAMES_PER_POSITION


class TaggerGraph(nn.Module):
    """An encoder with one head: what `pipeline("whisper-at")` computes for tags alone.

    Shares the weights of `model`; runs by itself, by `torch.compile` and by `torch.export`, any number of rows.

    Args:
        model: a Whisper-AT of ours, with or without a decoder.
        head: name of the head, by default the model's default one.
        at_time_res: seconds of a tag window; None for what the head was trained on, as far as it fits.

    Attributes:
        frames: mel frames (10 ms) in a row, those that the pipeline gives the encoder at a time.
        windows: tag windows in a row.

    Raises:
        InputError: an unknown head, or an `at_time_res` that does not divide a row.
    """

    input_names = ("input_features",)
    output_names = ("logits", "pooled_states")

    def __init__(self, model: Any, head: str | None = None, at_time_res: float | None = None):
        super().__init__()
        self.head = model.get_head(head)
        self.frames = model.tag_window_frames
        self.encoder = model.model.encoder.for_frames(self.frames)
        config = self.head.config
        steps = self.frames // (config.pooling_size * FRAMES_PER_POSITION)
        if at_time_res is None:
            self.steps = min(steps, max(1, round(config.window_length_s / config.step_seconds)))
        else:
            self.steps = steps_per_window(at_time_res, config.step_seconds)
        self.windows, rest = divmod(steps, self.steps)
        if rest or not self.windows:
            raise InputError(
                f"at_time_res={self.steps * config.step_seconds:g} does not divide the "
                f"{self.frames / FRAMES_PER_SECOND:g} s that the encoder reads at a time; use a part of those, or "
                "export the head alone, which takes windows of any length."
            )

    def forward(self, input_features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Tag every window of every row.

        Args:
            input_features: `(batch, num_mel_bins, frames)`.

        Returns:
            logits `(batch, windows, num_labels)`, and pooled states `(batch, layers, steps, width)`, 0.4 s a step, for
            heads alone.
        """
        pooled = self.encoder(input_features, output_pooled_states=True, return_dict=True).pooled_states
        rows = pooled.unflatten(2, (self.windows, self.steps)).transpose(1, 2).flatten(0, 1)
        logits = self.head(rows, return_dict=True).logits
        return logits.unflatten(0, (pooled.shape[0], self.windows)), pooled

    def example(self) -> torch.Tensor:
        """An input. Of two rows, since one would be taken for a constant."""
        return torch.zeros(2, self.encoder.config.num_mel_bins, self.frames)

    def dynamic_shapes(self) -> tuple[dict]:
        """What `torch.export` is told of the input: the batch may be of any size."""
        return ({0: torch.export.Dim("batch")},)


class HeadGraph(nn.Module):
    """A head alone, on pooled states that come from elsewhere, windows of any length."""

    input_names = ("pooled_states",)
    output_names = ("logits",)

    def __init__(self, head: TLTRForAudioClassification):
        super().__init__()
        self.head = head

    def forward(self, pooled_states: torch.Tensor) -> tuple[torch.Tensor]:
        """Pooled states `(batch, layers, steps, width)` to logits `(batch, num_labels)`, a window a row."""
        return (self.head(pooled_states, return_dict=True).logits,)

    def example(self) -> torch.Tensor:
        """An input of two windows of three steps."""
        config = self.head.config
        return torch.zeros(2, config.encoder_layers, 3, config.d_model)

    def dynamic_shapes(self) -> tuple[dict]:
        """What `torch.export` is told of the input: batch and steps may be of any size."""
        return ({0: torch.export.Dim("batch"), 2: torch.export.Dim("steps")},)
