"""Windows in, text and pooled states out, in any mode: what the pipeline runs on files, and on streams too."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from ..decoding.generator import WindowGenerator, can_generate, encoder_batch_size
from ..decoding.window import Piece, Window, WindowResult
from .options import BATCHED

# Word timestamps make `generate` switch the whole model to another attention: one thread at a time. Not a pipeline's
# own, since a pipeline has to be pickled for the workers of a DataLoader.
_attention_lock = threading.Lock()


class WindowEngine:
    """Says what is in windows.

    Args:
        pipe: a `WhisperATPipeline`: its model, its tokenizer, and where `generate` is needed its forward pass.
        return_text, return_tags, return_timestamps, mode: as in the call of the pipeline.
        languages: see `WindowGenerator`.
        generate_kwargs: those of the call.
    """

    def __init__(
        self,
        pipe: Any,
        return_text: bool = True,
        return_tags: bool = True,
        return_timestamps: bool | str = False,
        mode: str | None = None,
        languages: dict[str, int | None] | None = None,
        **generate_kwargs: Any,
    ):
        self.pipe, self.model = pipe, pipe.model
        self.return_text, self.return_tags, self.return_timestamps = return_text, return_tags, return_timestamps
        self.mode = mode
        self.languages = {} if languages is None else languages
        self.generate_kwargs = generate_kwargs

    @torch.no_grad()
    def run(self, windows: Sequence[Window]) -> list[WindowResult]:
        """The results of these windows, in order; those of one file have to come in order as well."""
        with self.pipe.device_placement():
            if not self.return_text:
                return self._encode(windows)
            if self.mode == BATCHED and decodes_alone(self.pipe, self.generate_kwargs):
                return _by_group(windows, lambda window: not window.is_whole_file, self._decode)
            if self.mode == BATCHED:
                # `generate` moves on by itself inside a window, which is one of several of its file all the same.
                return _by_group(windows, lambda window: not window.is_whole_file, self._generate)
            return _by_group(windows, self._is_long, self._generate)

    def _encode(self, windows: Sequence[Window]) -> list[WindowResult]:
        """Pooled states alone; the decoder does not run."""
        features = torch.cat([window.input_features for window in windows]).to(self.model.device, self.model.dtype)
        parts = features.split(encoder_batch_size(self.model, features.shape[-1]))
        states = torch.cat([self.model.get_pooled_states(part).cpu() for part in parts])
        size = self.model.config.pooling_size
        return [
            WindowResult.of(window, pooled=[(window.span.origin // size, pooled)])
            for window, pooled in zip(windows, states, strict=True)
        ]

    def _is_long(self, window: Window) -> bool:
        return window.input_features.shape[-1] > self.pipe.feature_extractor.nb_max_frames

    def _decode(self, windows: Sequence[Window], with_times: bool | str) -> list[WindowResult]:
        """Text of windows cut at pauses, all at a time, by our own loop."""
        kwargs = _all_generate_kwargs(self.pipe, self.generate_kwargs)
        timestamps = self.return_timestamps or with_times
        generator = WindowGenerator(self.model, self.pipe.tokenizer, kwargs, timestamps, self.languages)
        return generator.generate(windows, self.return_tags)

    def _generate(self, windows: Sequence[Window], with_times: bool) -> list[WindowResult]:
        """Text by transformers' `generate`, whose encoder passes are recorded for the tags."""
        timestamps = self.return_timestamps or with_times
        longest = max(window.input_features.shape[-1] for window in windows)
        inputs = {
            "is_last": True,
            "input_features": _padded([window.input_features for window in windows], longest).to(self.model.device),
            "attention_mask": _padded([window.attention_mask for window in windows], longest).to(self.model.device),
        }
        spans = [window.span for window in windows]
        with (
            self.model.record_timeline(spans, pool=self.return_tags) as recorder,
            _attention_kept(self.model) if timestamps == "word" else nullcontext(),
        ):
            generated = self.pipe.generate_by_transformers(inputs, timestamps, self.generate_kwargs)
        times = generated.get("token_timestamps")
        results = []
        for index, window in enumerate(windows):
            piece = Piece(generated["tokens"][index : index + 1].cpu())
            piece.token_timestamps = None if times is None else times[index].cpu()
            pooled = [(first, states.cpu()) for first, states in recorder.windows[index]]
            language = recorder.language_ids[index]
            results.append(WindowResult.of(window, pieces=[piece], pooled=pooled, language_id=language))
        return results


def decodes_alone(pipe: Any, generate_kwargs: Mapping[str, Any]) -> bool:
    """Whether our own decoding does all that is asked for, by a call or by `pipeline(...)`."""
    return can_generate(_all_generate_kwargs(pipe, generate_kwargs)) and pipe.assistant_model is None


def _all_generate_kwargs(pipe: Any, generate_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {**pipe._generate_kwargs, **generate_kwargs}


def _by_group(
    windows: Sequence[Window],
    needs_times: Callable[[Window], bool],
    decode: Callable[[list[Window], bool], list[WindowResult]],
) -> list[WindowResult]:
    """Text of all windows; those of short and of long files by a call of `decode` each.

    In one call, transformers would decode the short ones as long-form too, with other words as the result. Long-form
    decoding needs timestamps, whether or not the caller wants to see them.
    """
    results: dict[int, WindowResult] = {}
    for with_times in (False, True):
        group = [index for index, window in enumerate(windows) if needs_times(window) == with_times]
        if group:
            results.update(zip(group, decode([windows[index] for index in group], with_times), strict=True))
    return [results[index] for index in range(len(windows))]


def _padded(tensors: Sequence[torch.Tensor], length: int) -> torch.Tensor:
    """Tensors `(1, ..., frames)` below each other, each padded with zeros to `length` frames."""
    return torch.cat([torch.nn.functional.pad(tensor, (0, length - tensor.shape[-1])) for tensor in tensors])


@contextmanager
def _attention_kept(model: Any) -> Iterator[None]:
    """Word timestamps make `generate` switch to eager attention; this switches back."""
    with _attention_lock:
        attention = model.config._attn_implementation
        try:
            yield
        finally:
            if model.config._attn_implementation != attention:
                model.set_attn_implementation(attention)
