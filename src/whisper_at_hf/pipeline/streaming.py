"""Text and tags of sound that is still coming, a window at a time; memory does not grow with its length."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..audio.load import stream_audio
from ..audio.windows import AudioWindow, cut_at_pauses, cut_regularly
from ..decoding.window import SoundFile, WindowResult
from .engine import WindowEngine
from .file_windows import window_at_pauses
from .options import TagOptions
from .streamed_tags import StreamedTags


def stream(
    pipe: Any, source: Any, batch_size: int, preprocess: dict, forward: dict, postprocess: dict
) -> Iterator[dict]:
    """See `WhisperATPipeline.stream`; the last three are the parameters of the pipeline's own steps."""
    extractor, model = pipe.feature_extractor, pipe.model
    tag_params = {name: postprocess.pop(name) for name in TagOptions.names() if name in postprocess}
    tags = pipe.streamed_tags(tag_params) if postprocess.pop("return_tags", True) else None
    with_text = postprocess.pop("return_text", True)
    blocks = stream_audio(source, extractor.sampling_rate)
    if preprocess.get("return_text", True):
        frames = extractor.nb_max_frames
        parts = cut_at_pauses(blocks, extractor.sampling_rate, extractor.chunk_length)
    else:
        frames = model.tag_window_frames
        parts = cut_regularly(blocks, frames * extractor.hop_length)
    engine = WindowEngine(pipe, **{name: value for name, value in forward.items() if name != "return_language"})
    file = SoundFile()
    for batch in _batches(parts, batch_size):
        windows = [window_at_pauses(extractor, part, file, frames, pipe.dtype) for part in batch]
        for part, result in zip(batch, engine.run(windows), strict=True):
            text = pipe.join_text([result], **postprocess) if with_text else {}
            yield {**_place(result), **text, **_tags(tags, part, result)}


def _batches(parts: Iterable[AudioWindow], size: int) -> Iterator[list[AudioWindow]]:
    """`size` windows at a time; those before an error too."""
    batch: list[AudioWindow] = []
    for part in parts:
        batch.append(part)
        # The last window may be followed by the error that ended the sound.
        if len(batch) == size or part.is_last:
            yield batch
            batch = []


def _place(result: WindowResult) -> dict:
    return {"timestamp": tuple(round(seconds, 3) for seconds in result.bounds)}


def _tags(tags: StreamedTags | None, part: AudioWindow, result: WindowResult) -> dict:
    """The tags of the windows that are complete by the end of this part."""
    if tags is None:
        return {}
    end = part.start + len(part.samples)
    return tags.finish(result.pooled, end) if part.is_last else tags.add(result.pooled, end)
