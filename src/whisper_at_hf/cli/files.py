"""Many files through one pipeline, where a bad file costs only itself."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..audio.load import load_audio
from ..errors import InputError


def run_files(
    pipe: Any, sources: Iterable[Any], on_error: Callable[[Any, InputError], None], **parameters: Any
) -> Iterator[tuple[Any, dict]]:
    """Yield `(source, result)` of every readable source, in order, as soon as its batch is done.

    Args:
        pipe: a `WhisperATPipeline`.
        sources: anything that `load_audio` takes.
        on_error: called with a source and its error when its audio cannot be read; the others go on.
        parameters: those of the pipeline's call, `batch_size` included.
    """
    waiting: deque[Any] = deque()
    sampling_rate = pipe.feature_extractor.sampling_rate

    def readable() -> Iterator[dict]:
        for source in sources:
            try:
                audio = load_audio(source, sampling_rate)
            except InputError as error:
                on_error(source, error)
            else:
                waiting.append(source)
                yield {"raw": audio, "sampling_rate": sampling_rate}

    for result in pipe(readable(), **parameters):
        yield waiting.popleft(), result
