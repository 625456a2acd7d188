"""Text and tags of sound that is still coming, a window at a time; memory does not grow with its length."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..audio.load import stream_audio
from ..audio.windows import AudioWindow, cut_at_pauses, cut_regularly
from ..decoding.window import SoundFile, WindowResult
from .file_windows import window_at_pauses
from .heard import HEARING_NAMES, Heard
from .results import without_chunks


def stream(
    pipe: Any, source: Any, batch_size: int, preprocess: dict, forward: dict, postprocess: dict
) -> Iterator[dict]:
    """See `WhisperATPipeline.stream`; the last three are the parameters of the pipeline's own steps."""
    extractor, model = pipe.feature_extractor, pipe.model
    hearing = {name: postprocess.pop(name) for name in HEARING_NAMES if name in postprocess}
    heard = Heard(model, extractor, postprocess.pop("return_tags", True), hearing)
    keeps_chunks = postprocess.get("return_timestamps") or postprocess.get("return_language")
    postprocess["return_timestamps"] = heard.timestamps(postprocess.get("return_timestamps"))
    with_text = postprocess.pop("return_text", True)
    blocks = stream_audio(source, extractor.sampling_rate)
    if preprocess.get("return_text", True):
        frames = extractor.nb_max_frames
        parts = cut_at_pauses(blocks, extractor.sampling_rate, extractor.chunk_length)
    else:
        frames = model.tag_window_frames
        parts = cut_regularly(blocks, frames * extractor.hop_length)
    engine = pipe.engine({name: value for name, value in forward.items() if name != "return_language"})
    file = SoundFile()
    for batch in _batches(parts, batch_size):
        windows = [window_at_pauses(extractor, part, file, frames, pipe.dtype) for part in batch]
        for part, result in zip(batch, engine.run(windows), strict=True):
            text = pipe.join_text([result], **postprocess) if with_text else {}
            end = part.start + len(part.samples)
            found = (heard.finish if part.is_last else heard.add)([result], end, text)
            yield {**_place(result), **(found if keeps_chunks else without_chunks(found))}


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
