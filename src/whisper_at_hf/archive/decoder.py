"""Decodes files in a process of its own: one that hangs or crashes on a file costs that file alone."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..audio.load import stream_audio
from ..errors import InputError, first_line
from .items import Item
from .processes import die_with_parent

# Files that are read ahead, so that decoding and the model run at the same time.
AHEAD = 1


class Decoder:
    """Gives the samples of files, or why there are none.

    Args:
        sampling_rate: Hz.
        time_limit: seconds that a file may take.
        max_seconds: of sound; longer files are refused.
    """

    def __init__(self, sampling_rate: int, time_limit: float, max_seconds: float):
        self._settings = (sampling_rate, max_seconds)
        self.time_limit = time_limit
        self._process: Any = None
        self._pipe: Any = None

    def decode(self, items: Sequence[Item]) -> Iterator[tuple[Item, np.ndarray | str]]:
        """For each item in order its samples `(samples,)`, or a sentence why not."""
        sent = 0
        for number, item in enumerate(items):
            sent = max(sent, number)
            while sent < min(len(items), number + 1 + AHEAD):
                self._send(items[sent])
                sent += 1
            found = self._receive(item)
            if found is None:  # it hung or died, and with it went what was read ahead
                self.close()
                sent = number + 1
                found = f"'{item.id}' could not be decoded within {self.time_limit:g} s, or broke the decoder."
            yield item, found

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _send(self, item: Item) -> None:
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, *self._settings), daemon=True)
            self._process.start()
            theirs.close()
        try:
            self._pipe.send(item)
        except OSError:  # it has died; `_receive` finds out
            pass

    def _receive(self, item: Item) -> np.ndarray | str | None:
        try:
            return self._pipe.recv() if self._pipe.poll(self.time_limit) else None
        except (EOFError, OSError):
            return None


def _serve(pipe: Any, sampling_rate: int, max_seconds: float) -> None:
    """The process: answers each item until nobody asks any more."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            item = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            found: np.ndarray | str = _samples(item, sampling_rate, max_seconds)
        except InputError as error:
            found = str(error)
        except Exception as error:  # whatever a broken file does to a decoder is that file's alone
            found = f"'{item.id}' cannot be decoded ({type(error).__name__}: {first_line(error)})."
        pipe.send(found)


def _samples(item: Item, sampling_rate: int, max_seconds: float) -> np.ndarray:
    blocks, length = [], 0
    for block in stream_audio(item.read(), sampling_rate):
        blocks.append(block)
        length += len(block)
        if length > max_seconds * sampling_rate:
            raise InputError(f"'{item.id}' is longer than {max_seconds / 3600:g} hours; cut it, or raise --max-hours.")
    return np.concatenate(blocks)
