"""What a call of the pipeline can be told besides transformers' own parameters: how to decode, and how to tag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from ..errors import InputError
from ..model.configuration_whisper_at import TLTRConfig
from ..model.tagging import (
    check_labels,
    check_top_k,
    resolve_thresholds,
    steps_per_hop,
    tag_rows,
)

SEQUENTIAL = "sequential"
BATCHED = "batched"
MODES = (SEQUENTIAL, BATCHED)
# Windows decoded at a time in batched mode.
DEFAULT_BATCH_SIZE = 16


@dataclass
class TagOptions:
    """How to tag; see `WhisperATPipeline.__call__` for the meaning of each field."""

    at_time_res: float = 10.0
    at_hop: float | None = None
    top_k: int | None = 5
    threshold: float | Mapping[str, float] | None = None
    labels: list[str] | None = None
    heads: list[str] | None = None
    return_logits: bool = False

    def __post_init__(self):
        self.labels = as_list("labels", self.labels)
        self.heads = as_list("heads", self.heads)

    @classmethod
    def names(cls) -> list[str]:
        """The names of the parameters."""
        return [field.name for field in fields(cls)]

    def check(self, model) -> None:
        """Raise InputError for a bad value, or a head or label that `model` does not have."""
        check_top_k(self.top_k)
        configs = [model.get_head(name).config for name in self._used_heads(model)]
        for config in configs:
            steps_per_hop(self.at_hop, self.at_time_res, config.step_seconds)
        # With several heads, a label that one of them knows is no mistake.
        for label in [*(self.labels or []), *(self.threshold if isinstance(self.threshold, Mapping) else [])]:
            if not any(label in config.label2id for config in configs):
                check_labels([label], configs[0])
        for config in configs:
            resolve_thresholds(config, self._threshold_for(config))

    def tag(
        self, model, pooled_states: torch.Tensor, num_frames: int, duration: float, first_window: int = 0
    ) -> dict[str, Any]:
        """Tag one file, or a stretch of it that begins with one of its tag windows.

        Args:
            model: a model with heads.
            pooled_states: `(layers, steps, width)` from the start of the stretch.
            num_frames: mel frames (10 ms) of audio in the stretch.
            duration: seconds from the start of the file to the end of the stretch.
            first_window: the tag window of the file that the stretch begins with.

        Returns:
            `audio_tags`, and `tags_by_head`, `tag_logits`, `tag_logits_by_head` where asked for.
        """
        logits = {
            name: model.get_tag_logits(pooled_states, num_frames, self.at_time_res, name, self.at_hop)
            for name in self._used_heads(model)
        }
        return self._result(model, logits, duration, first_window)

    def no_tags(self, model) -> dict[str, Any]:
        """What `tag` gives for a stretch without any tag windows."""
        heads = {name: model.get_head(name) for name in self._used_heads(model)}
        logits = {name: torch.zeros(0, head.config.num_labels) for name, head in heads.items()}
        return self._result(model, logits, 0.0, 0)

    def _result(self, model, logits: dict[str, torch.Tensor], duration: float, first_window: int) -> dict[str, Any]:
        configs = {name: model.get_head(name).config for name in logits}
        tags = {name: self._rows(logits[name], configs[name], duration, first_window) for name in logits}
        default = model.config.default_head
        result: dict[str, Any] = {"audio_tags": tags[default]}
        if self.heads:
            result["tags_by_head"] = {name: tags[name] for name in self.heads}
        if self.return_logits:
            result["tag_logits"] = logits[default].numpy()
            if self.heads:
                result["tag_logits_by_head"] = {name: logits[name].numpy() for name in self.heads}
        return result

    def _rows(self, logits: torch.Tensor, config: TLTRConfig, duration: float, first_window: int) -> list[dict]:
        labels = None if self.labels is None else [label for label in self.labels if label in config.label2id]
        choice = {"threshold": self._threshold_for(config), "top_k": self.top_k, "labels": labels}
        return tag_rows(logits, config, self.at_time_res, duration, self.at_hop, first_window, **choice)

    def _threshold_for(self, config: TLTRConfig) -> float | dict[str, float] | None:
        if isinstance(self.threshold, Mapping):
            return {label: value for label, value in self.threshold.items() if label in config.label2id}
        return self.threshold

    def _used_heads(self, model) -> list[str]:
        """The default head, whose tags are always given, and the named ones."""
        if model.config.default_head is None:
            raise InputError("This model has no tagging head; add one with add_head or load_head.")
        return list(dict.fromkeys([model.config.default_head, *(self.heads or [])]))


def as_list(name: str, value: str | Iterable[str] | None) -> list[str] | None:
    """`value` as a list of names, or None. Raises InputError for anything else."""
    if value is None or isinstance(value, str):
        return None if value is None else [value]
    names = list(value) if isinstance(value, Iterable) else [value]
    if not all(isinstance(item, str) for item in names):
        raise InputError(f"{name}={value!r} does not give names; use a text or a list of texts.")
    return names


def check_mode(mode: str, chunk_length_s: float | None = None) -> None:
    """Raise InputError for an unknown mode, or one that does not go with `chunk_length_s`."""
    if mode not in MODES:
        raise InputError(f"mode={mode!r} is unknown; use 'sequential' or 'batched'.")
    if mode == BATCHED and chunk_length_s:
        raise InputError("mode='batched' cuts files at pauses by itself; leave chunk_length_s out.")
