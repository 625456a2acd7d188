"""Runs cases in worker processes, and takes a new one where a case ends or blocks it."""

import contextlib
import multiprocessing
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from . import preloaded  # noqa: F401
from .worker import Result, serve

CASES_PER_WORKER = 2000
MAKING_SECONDS = 120.0  # a bomb has to be packed first


def run_cases(cases: list[tuple[str, int]], intact: Path, seconds: float, memory_mb: int) -> Iterator[Result]:
    """What became of each case.

    Args:
        intact: what `make_intact` made.
        seconds: that a case may take.
        memory_mb: address space that a worker may have beyond what it starts with, in MiB.
    """
    worker, served = None, 0
    try:
        for kind, seed in cases:
            if worker is None or served == CASES_PER_WORKER:
                if worker is not None:
                    worker.stop()
                worker, served = _Worker(intact, memory_mb), 0
            result, served = worker.result(kind, seed, seconds), served + 1
            yield result
            if result.outcome in ("crash", "time-out"):
                worker.stop()
                worker = None
    finally:
        if worker is not None:
            worker.stop()


class _Worker:
    """A process forked from this one, which has imported everything, so that a new one takes no time."""

    def __init__(self, intact: Path, memory_mb: int):
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=self._serve, args=(theirs, intact, memory_mb), daemon=True)
        self._process.start()
        theirs.close()

    def _serve(self, theirs: Connection, intact: Path, memory_mb: int) -> None:
        self._pipe.close()  # else it would never see that the other end is gone
        with contextlib.suppress(EOFError):
            serve(theirs, intact, memory_mb)

    def result(self, kind: str, seed: int, seconds: float) -> Result:
        try:
            self._pipe.send((kind, seed))
            if not self._pipe.poll(MAKING_SECONDS):
                return Result(kind, seed, "time-out", "the hostile file was not made")
            self._pipe.recv()
            if not self._pipe.poll(seconds):
                return Result(kind, seed, "time-out", f"after {seconds:g} s", seconds)
            return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(10)
            code = self._process.exitcode or 0
            return Result(kind, seed, "crash", signal.Signals(-code).name if code < 0 else f"exit code {code}")

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()
