"""Works on shards: files in, rows out. What one file does wrong is that file's row, and nobody else's."""

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow
import torch

from ..errors import first_line
from ..pipeline.loading import load_pipeline
from .decoder import Decoder, Sound, too_big
from .items import Item, printable
from .job import Job, good_rows, write_rows
from .rows import SCHEMA, result_row

# (item, columns of its row)
Row = tuple[Item, dict[str, Any]]


class Worker:
    """A model that is loaded once, and a decoder.

    Args:
        job: what to do.
    """

    def __init__(self, job: Job):
        self.job = job
        with_decoder = job.parameters.get("return_text", True)
        self.pipe = load_pipeline(job.model, job.device, job.dtype, with_decoder)
        self.rate = self.pipe.feature_extractor.sampling_rate
        self.batch_size = job.batch_size  # less once that was too much for the memory
        self.decoder = Decoder(self.rate, job.time_limit, job.max_seconds)
        self._shared = {"model_hash": job.model_hash, "head_hash": job.head_hash, "version": version("whisper-at-hf")}

    def run(
        self,
        shard: int,
        items: Sequence[Item],
        deadly: Mapping[str, str] | None = None,
        one_by_one: bool = False,
        on_start: Callable[[str], None] | None = None,
        on_done: Callable[[], None] | None = None,
        on_error: Callable[[], None] | None = None,
    ) -> None:
        """Write the rows of a shard; where the job retries errors, those that are there without one are kept.

        Args:
            shard: its number.
            items: its files.
            deadly: by id, why files are not tried again.
            one_by_one: whether each file is worked on alone, after `on_start` was told its id.
            on_done: called after each file that was worked on.
            on_error: called before that, where the file has an error.

        Raises:
            InputError: the rows cannot be written.
        """
        rows = good_rows(self.job, shard, items) if self.job.retry_errors else {}
        left = [item for item in items if item.id not in rows]
        for item, row in self._worked_on(left, deadly or {}, one_by_one, on_start):
            rows[item.id] = row
            if on_error is not None and row.get("error") is not None:
                on_error()
            if on_done is not None:
                on_done()
        ordered = [{"id": item.id, "path": printable(item.path), **self._shared, **rows[item.id]} for item in items]
        write_rows(self.job, shard, pyarrow.Table.from_pylist(ordered, schema=SCHEMA))

    def close(self) -> None:
        """End the decoder."""
        self.decoder.close()

    def _worked_on(
        self,
        items: Sequence[Item],
        deadly: Mapping[str, str],
        one_by_one: bool,
        on_start: Callable[[str], None] | None,
    ) -> Iterator[Row]:
        yield from ((item, {"error": deadly[item.id]}) for item in items if item.id in deadly)
        # Files of about one length go together, so that no batch waits for one that is much longer.
        waiting = sorted((item for item in items if item.id not in deadly), key=lambda item: (item.size, item.id))
        yield from self._alone(waiting, on_start) if one_by_one else self._together(waiting)

    def _together(self, items: Sequence[Item]) -> Iterator[Row]:
        """All files through the pipeline in batches; after an error, those that are left one by one."""
        left = {item.id: item for item in items}
        heard: deque[tuple[Item, Sound]] = deque()
        failed: deque[Row] = deque()

        def sounds() -> Iterator[dict[str, Any]]:
            for item, found in self.decoder.decode(items):
                if isinstance(found, str):
                    failed.append((item, {"error": found}))
                else:
                    heard.append((item, found))
                    yield self._input(found)

        try:
            for result in self.pipe(sounds(), batch_size=self.batch_size, **self.job.parameters):
                item, sound = heard.popleft()
                del left[item.id]
                yield item, self._results(result, sound)
        except Exception as error:
            if _is_about_memory(error):
                self.batch_size = max(1, self.batch_size // 2)
            _free_memory(error)
        heard.clear()
        for item, row in failed:
            del left[item.id]
            yield item, row
        yield from self._alone(list(left.values()), None)

    def _alone(self, items: Sequence[Item], on_start: Callable[[str], None] | None) -> Iterator[Row]:
        for item in items:
            if on_start is not None:
                on_start(item.id)
            yield item, self._row(item)

    def _row(self, item: Item) -> dict[str, Any]:
        ((_, found),) = self.decoder.decode([item])
        if isinstance(found, str):
            return {"error": found}
        try:
            result = self.pipe(self._input(found), batch_size=1, **self.job.parameters)
        except Exception as error:
            _free_memory(error)
            if _is_about_memory(error):
                return {"error": too_big(item)}
            return {"error": f"'{item.id}' cannot be worked on ({type(error).__name__}: {first_line(error)})."}
        return self._results(result, found)

    def _input(self, sound: Sound) -> dict[str, Any]:
        return {"raw": sound.samples, "sampling_rate": self.rate}

    def _results(self, result: Mapping[str, Any], sound: Sound) -> dict[str, Any]:
        return {**result_row(result, len(sound.samples) / self.rate), "warning": sound.warning}


def _is_about_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _free_memory(error: BaseException) -> None:
    """What a failed pass holds is freed, also on the accelerator."""
    error.__traceback__ = None
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
