"""Works on shards: files in, rows out. What one file does wrong is that file's row, and nobody else's."""

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow
import torch

from ..errors import first_line
from ..pipeline.loading import load_pipeline
from .decoder import Decoder
from .items import Item
from .job import Job, write_rows
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
    ) -> int:
        """Write the rows of a shard.

        Args:
            shard: its number.
            items: its files.
            deadly: by id, why files are not tried again.
            one_by_one: whether each file is worked on alone, after `on_start` was told its id.
            on_done: called after each file.

        Returns:
            how many files failed.
        """
        rows = {item.id: {"error": deadly[item.id]} for item in items if item.id in (deadly or {})}
        # Files of about one length go together, so that no batch waits for one that is much longer.
        waiting = sorted((item for item in items if item.id not in rows), key=lambda item: (item.size, item.id))
        for item, row in self._alone(waiting, on_start) if one_by_one else self._together(waiting):
            rows[item.id] = row
            if on_done is not None:
                on_done()
        ordered = [{"id": item.id, "path": item.path, **self._shared, **rows[item.id]} for item in items]
        write_rows(self.job, shard, pyarrow.Table.from_pylist(ordered, schema=SCHEMA))
        return sum("error" in row for row in rows.values())

    def close(self) -> None:
        """End the decoder."""
        self.decoder.close()

    def _together(self, items: Sequence[Item]) -> Iterator[Row]:
        """All files through the pipeline in batches; after an error, those that are left one by one."""
        finished: set[str] = set()
        heard: deque[tuple[Item, float]] = deque()
        failed: deque[Row] = deque()

        def sounds() -> Iterator[dict[str, Any]]:
            for item, found in self.decoder.decode(items):
                if isinstance(found, str):
                    failed.append((item, {"error": found}))
                else:
                    heard.append((item, len(found) / self.rate))
                    yield self._sound(found)

        try:
            for result in self.pipe(sounds(), batch_size=self.job.batch_size, **self.job.parameters):
                item, duration = heard.popleft()
                finished.add(item.id)
                yield item, result_row(result, duration)
        except (Exception, torch.cuda.OutOfMemoryError) as error:
            _free_memory(error)
        for item, row in failed:
            finished.add(item.id)
            yield item, row
        yield from self._alone([item for item in items if item.id not in finished], None)

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
            result = self.pipe(self._sound(found), batch_size=1, **self.job.parameters)
        except Exception as error:
            _free_memory(error)
            return {"error": f"'{item.id}' cannot be worked on ({type(error).__name__}: {first_line(error)})."}
        return result_row(result, len(found) / self.rate)

    def _sound(self, samples: np.ndarray) -> dict[str, Any]:
        return {"raw": samples, "sampling_rate": self.rate}


def _free_memory(error: BaseException) -> None:
    """What a failed pass holds is freed, also on the accelerator."""
    error.__traceback__ = None
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
