"""Named tagging heads as plug-ins of one frozen Whisper: add, drop, load, save, and tag with them."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .complete_loading import load_complete
from .configuration_whisper_at import TLTRConfig, WhisperATConfig
from .errors import InputError, first_line
from .from_plain import plain_config
from .modeling_tltr import TLTRForAudioClassification
from .onednn import LinearByOneDNN
from .tagging import (
    FRAMES_PER_SECOND,
    count_windows,
    cut_windows,
    resolve_thresholds,
    steps_per_hop,
    steps_per_window,
    tag_rows,
)
from .timeline import FRAMES_PER_POSITION

# Pooled steps in one call of a head, 64 windows of 10 s: windows that overlap hold far more steps than their file.
_STEPS_PER_HEAD_CALL = 1600

# Arguments of `from_pretrained` that say where to look, and so count for the configuration as for the weights.
LOCATION_ARGUMENTS = ("cache_dir", "force_download", "local_files_only", "proxies", "revision", "subfolder", "token")


class TaggingHeadsMixin:
    """What the full model and the tags-only model share. The host has `self.model.encoder` and `self.config`."""

    def _init_heads(self, config: WhisperATConfig) -> None:
        # Arguments of from_pretrained reach the configuration after it was made and checked.
        config.check_labels()
        config.refresh_heads()
        self.heads = nn.ModuleDict()
        for name, head_config in config.heads.items():
            self._check_fit(name, head_config)
            self.heads[name] = TLTRForAudioClassification(head_config)
        self._apply_freezing()

    @classmethod
    def from_pretrained(cls, *args, **kwargs):
        """As in transformers, and the backbone is frozen again: loading gives every parameter gradients."""
        loaded = super().from_pretrained(*args, **kwargs)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        model._apply_freezing()
        return loaded

    @classmethod
    def from_whisper(
        cls,
        whisper: str | PathLike,
        head: str | PathLike | None = None,
        labels: Iterable[str] | None = None,
        head_name: str = "default",
        problem_type: str | None = None,
        **kwargs,
    ):
        """Put a head on any Whisper checkpoint.

        Args:
            whisper: folder or hub id of a Whisper in transformers format (tiny to large-v3-turbo, distilled, tuned).
            head: folder or hub id of a saved head, or `labels` instead.
            labels: names for a fresh, untrained head of the full TLTR kind.
            head_name: the head's name in the model.
            problem_type: of the fresh head: "multi_label_classification" (any number of labels a clip, the default)
                or "single_label_classification" (exactly one).
            kwargs: passed to `from_pretrained` (`dtype`, `device_map`, `revision`, ...).

        Raises:
            InputError: both `head` and `labels`, `problem_type` without `labels`, a checkpoint that is not a Whisper,
                a head that does not fit.
        """
        if head is not None and labels is not None:
            raise InputError(
                "from_whisper got head and labels; pass head= for a saved head or labels= for a fresh one, not both."
            )
        if problem_type is not None and labels is None:
            raise InputError(f"problem_type={problem_type!r} is for a fresh head; pass its labels= too.")
        location = {name: kwargs[name] for name in LOCATION_ARGUMENTS if name in kwargs}
        model = load_complete(cls, whisper, config=plain_config(whisper, **location), **kwargs)
        if head is not None:
            model.load_head(head, head_name)
        elif labels is not None:
            model.add_head(head_name, model._fresh_config(labels, problem_type))
        return model

    def freeze_backbone(self) -> None:
        """Take the Whisper weights out of training: no gradients, and evaluation mode whatever `train()` says."""
        self.config.freeze_backbone = True
        self._apply_freezing()

    def unfreeze_backbone(self) -> None:
        """Let the Whisper weights train too, except the fixed sinusoids of the encoder's positions."""
        self.config.freeze_backbone = False
        self._apply_freezing()

    def _apply_freezing(self) -> None:
        for name, parameter in self.named_parameters():
            if not name.startswith("heads."):
                parameter.requires_grad_(not self.config.freeze_backbone)
        self.model.encoder.embed_positions.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True):
        """As in torch, but a frozen backbone stays in evaluation mode, so that its features stay the same.

        One with adapters, whose weights have gradients (PEFT's LoRA), trains as any module: with their dropout.
        """
        super().train(mode)
        if self.config.freeze_backbone and not any(parameter.requires_grad for parameter in self.model.parameters()):
            self.model.eval()
        return self

    def get_head(self, name: str | None = None) -> TLTRForAudioClassification:
        """The head of that name, by default `config.default_head`. Raises InputError if there is none."""
        if name is None:
            name = self.config.default_head
        if name is None:
            raise InputError("This model has no tagging head; add one with add_head or load_head.")
        self._check_known(name)
        return self.heads[name]

    def _check_known(self, name: str) -> None:
        if name not in self.heads:
            raise InputError(f"The model has no head {name!r}; it has {', '.join(self.heads) or 'none'}.")

    def add_head(
        self, name: str, head: TLTRForAudioClassification | TLTRConfig | Iterable[str]
    ) -> TLTRForAudioClassification:
        """Add a head under a new name, on this model's device and in its dtype.

        Args:
            name: how the head is called from now on; the first head becomes the default one.
            head: a head, or the configuration or just the label names of a fresh one.

        Raises:
            InputError: a name in use or unusable, or a head of another layer count, width or pooling.
        """
        if name in self.heads:
            raise InputError(f"The model already has a head {name!r}; drop it first or choose another name.")
        if not isinstance(head, (TLTRForAudioClassification, TLTRConfig)):
            head = self._fresh_config(head)
        head_config = head.config if isinstance(head, TLTRForAudioClassification) else head
        self._check_fit(name, head_config)
        if isinstance(head, TLTRConfig):
            head = TLTRForAudioClassification(head)
        self._set_heads({**self.config.heads, name: head_config})
        encoder_weight = self.model.encoder.layer_norm.weight
        self.heads[name] = head.to(device=encoder_weight.device, dtype=encoder_weight.dtype).train(self.training)
        return self.heads[name]

    def drop_head(self, name: str) -> None:
        """Remove a head. Raises InputError if there is none of that name."""
        self._check_known(name)
        del self.heads[name]
        self._set_heads({other: config for other, config in self.config.heads.items() if other != name})

    def load_head(self, path: str | PathLike, name: str = "default") -> TLTRForAudioClassification:
        """Add a head saved by `save_head`, from a folder or hub id. Raises InputError if it does not fit."""
        config = saved_head_config(path)
        self._check_fit(name, config)
        return self.add_head(name, load_saved_head(path, config))

    def save_head(self, name: str, directory: str | PathLike) -> None:
        """Write one head alone (safetensors and config.json). Raises InputError if there is none of that name."""
        self.get_head(name).save_pretrained(directory)

    @property
    def tag_window_frames(self) -> int:
        """Mel frames (10 ms) that the encoder is given at a time for tags alone: the default head's window.

        A head that was trained on windows padded to 30 s (`input_padding="pad"`) gets 30 s here too.
        """
        full = self.config.max_source_positions * FRAMES_PER_POSITION
        head = self.config.heads.get(self.config.default_head)
        if head is None or head.input_padding == "pad":
            return full
        steps = max(1, round(head.window_length_s / head.step_seconds))
        return min(full, steps * head.pooling_size * FRAMES_PER_POSITION)

    @torch.no_grad()
    def get_pooled_states(self, input_features: torch.Tensor) -> torch.Tensor:
        """Encode without decoding.

        Args:
            input_features: `(batch, num_mel_bins, frames)`. More than 30 s (3000 frames) is encoded in windows of 30 s
                side by side; the last one is padded with the features' minimum, which is silence.

        Returns:
            `(batch, layers, steps, width)`, 0.4 s a step; steps past the last frame are padding.
        """
        window = self.config.max_source_positions * FRAMES_PER_POSITION
        frames = input_features.shape[-1]
        if frames <= window:
            with LinearByOneDNN():
                return self.model.encoder(input_features, output_pooled_states=True, return_dict=True).pooled_states
        silence = input_features.amin(dim=(1, 2), keepdim=True).expand(-1, input_features.shape[1], -frames % window)
        padded = torch.cat([input_features, silence], dim=-1)
        return torch.cat([self.get_pooled_states(part) for part in padded.split(window, dim=-1)], dim=2)

    @torch.no_grad()
    def get_tag_logits(
        self,
        pooled_states: torch.Tensor,
        num_frames: int,
        at_time_res: float = 10.0,
        head: str | None = None,
        at_hop: float | None = None,
    ) -> torch.Tensor:
        """Logits of one file's tag windows.

        Args:
            pooled_states: `(layers, steps, width)` from the start of the file.
            num_frames: mel frames (10 ms) of audio in the file.
            at_time_res: seconds a window, a multiple of 0.4.
            head: name of the head, by default `config.default_head`.
            at_hop: seconds from the start of one window to the next, a multiple of 0.4 up to `at_time_res`; None for
                windows side by side.

        Returns:
            `(windows, num_labels)`, float32 on the CPU.

        Raises:
            InputError: a bad `at_time_res` or `at_hop`, or an unknown head.
        """
        module = self.get_head(head)
        step_seconds = module.config.step_seconds
        steps = steps_per_window(at_time_res, step_seconds)
        hop = steps_per_hop(at_hop, at_time_res, step_seconds)
        windows = count_windows(num_frames, hop, step_seconds)
        at_a_time = max(1, _STEPS_PER_HEAD_CALL // steps)
        logits = []
        for first in range(0, windows, at_a_time):
            count = min(at_a_time, windows - first)
            part = pooled_states[:, first * hop : (first + count - 1) * hop + steps].to(module.device)
            logits.append(module(cut_windows(part, count, steps, hop)).logits.float().cpu())
        return torch.cat(logits)

    @torch.no_grad()
    def tag(
        self,
        input_features: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        at_time_res: float = 10.0,
        top_k: int | None = 5,
        threshold: float | Mapping[str, float] | None = None,
        labels: Iterable[str] | None = None,
        head: str | None = None,
        at_hop: float | None = None,
    ) -> list[list[dict]]:
        """Tags of each row, without decoding text.

        Args:
            input_features: `(batch, num_mel_bins, frames)`, as the processor gives them.
            attention_mask: `(batch, frames)` from the processor with `return_attention_mask=True`; tells where each
                file ends. Without it all frames count.
            at_time_res: seconds a window, a multiple of 0.4.
            top_k, threshold, labels: see `tagging.select_tags` and `tagging.resolve_thresholds`.
            head: name of the head, by default `config.default_head`.
            at_hop: seconds between the starts of windows, see `get_tag_logits`.

        Returns:
            Per row, `[{"timestamp": (start, end), "tags": [{"label", "score"}, ...]}, ...]`, times in seconds.

        Raises:
            InputError: a bad argument, or an unknown head or label.
        """
        config = self.get_head(head).config
        resolve_thresholds(config, threshold)  # bad ones are refused before the encoder runs
        parameter = self.model.encoder.layer_norm.weight
        states = self.get_pooled_states(input_features.to(device=parameter.device, dtype=parameter.dtype))
        batch, _, frames = input_features.shape
        lengths = [frames] * batch if attention_mask is None else attention_mask.sum(dim=-1).tolist()
        results = []
        for row, num_frames in zip(states, lengths, strict=True):
            logits = self.get_tag_logits(row, num_frames, at_time_res, head, at_hop)
            duration = num_frames / FRAMES_PER_SECOND
            choice = {"threshold": threshold, "top_k": top_k, "labels": labels}
            results.append(tag_rows(logits, config, at_time_res, duration, at_hop, **choice))
        return results

    def _fresh_config(self, labels: Iterable[str], problem_type: str | None = None) -> TLTRConfig:
        names = list(labels) if isinstance(labels, Iterable) and not isinstance(labels, str) else []
        if not names or not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            raise InputError("labels must be a list of different names, for instance labels=['Dog', 'Rain'].")
        try:
            return TLTRConfig(
                encoder_layers=self.config.encoder_layers,
                d_model=self.config.d_model,
                id2label=dict(enumerate(names)),
                problem_type=problem_type,
            )
        except ValueError as error:  # an unknown problem_type
            raise InputError(str(error)) from error

    def _set_heads(self, heads: dict[str, TLTRConfig]) -> None:
        self.config.heads = heads
        if self.config.default_head not in heads:
            self.config.default_head = None
        self.config.refresh_heads()

    def _check_fit(self, name: str, head: TLTRConfig) -> None:
        """Raise InputError unless a head of this configuration reads what this encoder gives, under a usable name."""
        if not isinstance(name, str) or not name or "." in name or hasattr(nn.ModuleDict(), name):
            raise InputError(f"{name!r} cannot name a head; use a word without dots that is not a torch attribute.")
        if wrong := misfit(head, self.config):
            raise InputError(f"Head {name!r} {wrong}; use a head that was trained on the same Whisper size.")
        others = [other for key, other in self.config.heads.items() if key != name]
        if others and head.pooling_size != self.config.pooling_size:
            raise InputError(
                f"Head {name!r} has pooling_size {head.pooling_size}, but this model's is "
                f"{self.config.pooling_size}; all heads of one model share one pooling."
            )


def misfit(head: TLTRConfig, whisper: Any, name: str = "this Whisper") -> str | None:
    """What keeps a head from reading an encoder's states, as a part of a sentence; None if nothing does.

    Args:
        whisper: has `encoder_layers` and `d_model`, as the configuration of a Whisper and the spec of features do.
        name: what the sentence calls it.
    """
    for field, what in (("encoder_layers", "encoder layers"), ("d_model", "wide encoder states")):
        reads, has = getattr(head, field), getattr(whisper, field)
        if reads != has:
            return f"reads {reads} {what}, but {name} has {has}"
    return None


def load_saved_head(path: str | PathLike, config: TLTRConfig | None = None) -> TLTRForAudioClassification:
    """A head saved by `save_head`. Raises InputError if there is none at `path`, or not a whole one.

    Args:
        path: folder or hub id.
        config: its configuration, where it was read already.
    """
    config = config or saved_head_config(path)
    try:
        return load_complete(TLTRForAudioClassification, path, config=config)
    except InputError:
        raise
    except Exception as error:  # transformers raises many kinds at values that no head can have
        raise InputError(f"The head in '{path}' cannot be loaded ({first_line(error)}); get it again.") from error


def saved_head_config(path: str | PathLike) -> TLTRConfig:
    """The configuration of a head saved by `save_head`. Raises InputError if there is none at `path`."""
    try:
        values, _ = TLTRConfig.get_config_dict(path)
    except Exception as error:  # OSError, also where it is no JSON; others where it is, but without names, or too deep
        if not isinstance(error, OSError) or Path(path, "config.json").is_file():
            raise InputError(
                f"The head in '{path}' has a config.json that cannot be read ({first_line(error)}); get it again."
            ) from error
        raise InputError(
            f"'{path}' is neither a folder with a head nor a hub id that can be reached; check the name."
        ) from error
    if values.get("model_type") != TLTRConfig.model_type:
        raise InputError(
            f"'{path}' holds a model of type {values.get('model_type')!r}; pass a head saved by save_head."
        )
    try:
        return TLTRConfig.from_dict(values)
    except Exception as error:  # transformers checks types by errors of many kinds
        raise InputError(f"The head in '{path}' has a config.json that cannot be used: {first_line(error)}") from error
