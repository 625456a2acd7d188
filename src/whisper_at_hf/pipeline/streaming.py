"""Text and tags of sound that is still coming, a window at a time; memory does not grow with its length."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..audio.load import stream_audio
from ..audio.windows import AudioWindow, cut_at_pauses, cut_regularly
from ..model.configuration_whisper_at import POSITIONS_PER_SECOND
from .options import TagOptions
from .rows import FileState
from .streamed_tags import StreamedTags


def stream(
    pipe: Any, source: Any, batch_size: int, preprocess: dict, forward: dict, postprocess: dict
) -> Iterator[dict]:
    """See `WhisperATPipeline.stream`; the last three are the parameters of the pipeline's own steps."""
    extractor = pipe.feature_extractor
    tag_params = {name: postprocess.pop(name) for name in TagOptions.names() if name in postprocess}
    tags = StreamedTags(pipe.model, TagOptions(**tag_params)) if postprocess.get("return_tags", True) else None
    blocks = stream_audio(source, extractor.sampling_rate)
    if preprocess.get("return_text", True):
        frames = extractor.nb_max_frames
        windows = cut_at_pauses(blocks, extractor.sampling_rate, extractor.chunk_length)
    else:
        frames = pipe.model.tag_window_frames
        windows = cut_regularly(blocks, frames * extractor.hop_length)
    file = FileState()
    for batch in _batches(windows, batch_size):
        rows = [[pipe.window_row(window, file, frames)] for window in batch]
        inputs = {"is_last": [window.is_last for window in batch], "rows": rows}
        outputs = pipe.forward(inputs, **forward)["rows"]
        for window, (output,) in zip(batch, outputs, strict=True):
            yield _result(pipe, window, output, tags, postprocess)


def _batches(windows: Iterable[AudioWindow], size: int) -> Iterator[list[AudioWindow]]:
    """`size` windows at a time; those before an error too."""
    batch: list[AudioWindow] = []
    for window in windows:
        batch.append(window)
        # The last window may be followed by the error that ended the sound.
        if len(batch) == size or window.is_last:
            yield batch
            batch = []


def _result(pipe: Any, window: AudioWindow, output: dict, tags: StreamedTags | None, postprocess: dict) -> dict:
    rate = pipe.feature_extractor.sampling_rate
    end = window.start + len(window.samples)
    result = {"timestamp": (round(window.start / rate, 3), round(end / rate, 3))}
    if postprocess.get("return_text", True):
        result.update(pipe.postprocess([{"rows": [output]}], **{**postprocess, "return_tags": False}))
    if tags is None:
        return result
    if window.is_last:
        frames = end // pipe.feature_extractor.hop_length
        found = tags.finish(output["windows"], frames, pipe.count_steps(frames), end / rate)
    else:
        found = tags.add(output["windows"], end * POSITIONS_PER_SECOND // rate)
    return {**result, **found}


def _concatenated(first: Any, second: Any) -> Any:
    """Texts or tags of neighbouring stretches as those of one."""
    if isinstance(first, dict):
        return {name: _concatenated(value, second[name]) for name, value in first.items()}
    return np.concatenate([first, second]) if isinstance(first, np.ndarray) else first + second


def join_results(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The results of `stream` as one, of the form that the pipeline gives for a file."""
    joined: dict[str, Any] = {}
    for result in results:
        for name, value in result.items():
            if name == "language":
                joined.setdefault(name, value)
            elif name != "timestamp":
                joined[name] = _concatenated(joined[name], value) if name in joined else value
    return joined
