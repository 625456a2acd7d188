"""What a call of the pipeline can be told besides transformers' own parameters: how to decode, and how to tag."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch

from ..errors import InputError
from ..labels.ontology import expand, roll_up
from ..model.configuration_whisper_at import TLTRConfig
from ..model.tagging import (
    check_labels,
    check_top_k,
    logits_to_scores,
    resolve_thresholds,
    steps_per_hop,
    tag_rows,
)

SEQUENTIAL = "sequential"
BATCHED = "batched"
MODES = (SEQUENTIAL, BATCHED)
# Windows decoded at a time in batched mode.
DEFAULT_BATCH_SIZE = 16

# Fields of `TagOptions` that take one name or several.
NAME_LISTS = ("labels", "heads", "groups")


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
    groups: list[str] | None = None

    def __post_init__(self):
        for name in NAME_LISTS:
            setattr(self, name, as_list(name, getattr(self, name)))

    @classmethod
    def names(cls) -> list[str]:
        """The names of the parameters."""
        return [field.name for field in fields(cls)]

    def check(self, model) -> None:
        """Raise InputError for a bad value, or a head or label that `model` does not have."""
        check_top_k(self.top_k)
        configs = [model.get_head(name).config for name in self.used_heads(model)]
        for config in configs:
            steps_per_hop(self.at_hop, self.at_time_res, config.step_seconds)
        # With several heads, a label that one of them knows is no mistake.
        for label in self.threshold if isinstance(self.threshold, Mapping) else []:
            if not any(label in config.label2id for config in configs):
                check_labels([label], configs[0])
        check_groups([*(self.labels or []), *(self.groups or [])], configs)
        for config in configs:
            resolve_thresholds(config, self.thresholds_for(config))

    def result(
        self, model, logits: Mapping[str, torch.Tensor], duration: float, first_window: int = 0
    ) -> dict[str, Any]:
        """The tags of a file, or of tag windows of it that follow each other.

        Args:
            model: a model with heads.
            logits: by head, `(windows, num_labels)`.
            duration: seconds from the start of the file to the end of the last window.
            first_window: which tag window of the file the first one is.

        Returns:
            `audio_tags`, and `tags_by_head`, `tag_logits`, `tag_logits_by_head` where asked for.
        """
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
        choice = {"threshold": self.thresholds_for(config), "top_k": self.top_k, "labels": self.labels_for(config)}
        rows = tag_rows(logits, config, self.at_time_res, duration, self.at_hop, first_window, **choice)
        if groups := known_groups(self.groups or [], config):
            scores = roll_up(logits_to_scores(logits, config.problem_type).numpy(), config.labels, groups)
            for row, values in zip(rows, scores.tolist(), strict=True):
                row["groups"] = [{"label": name, "score": score} for name, score in zip(groups, values, strict=True)]
        return rows

    def labels_for(self, config: TLTRConfig) -> list[str] | None:
        """The labels of a head that `labels` means; None for all."""
        if self.labels is None:
            return None
        return expand(known_groups(self.labels, config), config.labels)

    def thresholds_for(self, config: TLTRConfig) -> float | dict[str, float] | None:
        """`threshold` as far as it is about labels of that head."""
        if isinstance(self.threshold, Mapping):
            return {label: value for label, value in self.threshold.items() if label in config.label2id}
        return self.threshold

    def used_heads(self, model) -> list[str]:
        """The default head, whose tags are always given, and the named ones."""
        if model.config.default_head is None:
            raise InputError("This model has no tagging head; add one with add_head or load_head.")
        return list(dict.fromkeys([model.config.default_head, *(self.heads or [])]))


def known_groups(names: Iterable[str], config: TLTRConfig) -> list[str]:
    """Those of the names at or below which the head has a label."""
    return [name for name in names if _is_known(name, config)]


def check_groups(names: Iterable[str], configs: Sequence[TLTRConfig]) -> None:
    """Raise InputError for a name of a label or group that none of the heads knows."""
    for name in names:
        if not any(_is_known(name, config) for config in configs):
            expand([name], configs[0].labels)


def _is_known(name: str, config: TLTRConfig) -> bool:
    try:
        return bool(expand([name], config.labels))
    except InputError:
        return False


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
