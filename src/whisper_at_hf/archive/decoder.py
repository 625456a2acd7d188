"""Decodes files in a process of its own: one that hangs or crashes on a file costs that file alone."""

import multiprocessing
import signal
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..audio.load import stream_audio
from ..errors import InputError, first_line
from .items import Item, printable
from .processes import end_with_parent

# Files that are read ahead, so that decoding and the model run at the same time.
AHEAD = 1
# Seconds that the process may take to begin, on a busy machine.
START_LIMIT = 300.0
# Times that the process may die at a file, which somebody else may have killed it at; and times that it may not begin,
# of which no file is the reason.
MOST_DEATHS = 3
MOST_FAILED_STARTS = 10


@dataclass(frozen=True)
class Sound:
    """What was decoded: samples `(samples,)`, and what was odd about the file, such as that it is cut short."""

    samples: np.ndarray
    warning: str | None = None


class Decoder:
    """Gives the sound of files, or why there is none.

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
        self._has_begun = False
        self._asked = 0

    def decode(self, items: Sequence[Item]) -> Iterator[tuple[Item, Sound | str]]:
        """For each item in order its sound, or a sentence why there is none."""
        numbers: list[int] = []
        for position, item in enumerate(items):
            while len(numbers) < min(len(items), position + 1 + AHEAD):
                numbers.append(self._ask(items[len(numbers)]))
            found = self._answer(numbers[position], item)
            if found is None:
                found = self._again(item)
            if self._asked != numbers[-1] or self._process is None:  # what was asked ahead went with the process
                del numbers[position + 1 :]
            yield item, found

    def _again(self, item: Item) -> Sound | str:
        """The answer for an item at which the process has died, from further tries."""
        deaths, failed_starts = int(self._has_begun), int(not self._has_begun)
        while deaths < MOST_DEATHS and failed_starts < MOST_FAILED_STARTS:
            found = self._answer(self._ask(item), item)
            if found is not None:
                return found
            deaths, failed_starts = deaths + self._has_begun, failed_starts + (not self._has_begun)
        if deaths == MOST_DEATHS:
            return f"'{item.id}' ended the decoder {deaths} times."
        return f"'{item.id}' was not decoded: the decoder ended {failed_starts} times before it began."

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _ask(self, item: Item) -> int:
        """Give the process something to do; gives the number that its answer will have."""
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, *self._settings), daemon=True)
            self._process.start()
            theirs.close()
            self._has_begun = False
        self._asked += 1
        try:
            self._pipe.send((self._asked, item))
        except OSError:  # it has died; `_answer` finds out
            pass
        return self._asked

    def _answer(self, number: int, item: Item) -> Sound | str | None:
        """The answer of that number; None if the process has died. Answers that nobody waited for are dropped."""
        found: str | None = f"'{item.id}' was not decoded within {self.time_limit:g} s."
        try:
            while self._pipe.poll(self.time_limit if self._has_begun else START_LIMIT):
                answered, answer = self._pipe.recv()
                self._has_begun = True
                if answered == number:
                    return answer
        except MemoryError:
            found = too_big(item)
        except (EOFError, OSError):
            found = None
        self.close()
        return found


def _serve(pipe: Any, sampling_rate: int, max_seconds: float) -> None:
    """The process: answers each item until nobody asks any more."""
    end_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):  # the worker says when it is over
        signal.signal(number, signal.SIG_IGN)
    try:
        pipe.send((0, None))
        while True:
            number, item = pipe.recv()
            if not _answers(pipe, number, item, sampling_rate, max_seconds):
                pipe.send((number, too_big(item)))
    except (EOFError, OSError):
        return


def _answers(pipe: Any, number: int, item: Item, sampling_rate: int, max_seconds: float) -> bool:
    """Whether the memory was enough to decode an item and to send what came of it; if not, it is free again by now."""
    try:
        pipe.send((number, _sound(item, sampling_rate, max_seconds)))
    except MemoryError:
        return False
    return True


def _sound(item: Item, sampling_rate: int, max_seconds: float) -> Sound | str:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            samples = _samples(item, sampling_rate, max_seconds)
    except InputError as error:
        return printable(str(error))
    except MemoryError:
        raise
    except Exception as error:  # whatever a broken file does to a decoder is that file's alone
        return printable(f"'{item.id}' cannot be decoded ({type(error).__name__}: {first_line(error)}).")
    return Sound(samples, " ".join(str(one.message) for one in caught if one.category is UserWarning) or None)


def too_big(item: Item) -> str:
    """Why there is nothing of a file that the memory does not hold."""
    return f"'{item.id}' takes more memory than there is, even alone; cut it."


def _samples(item: Item, sampling_rate: int, max_seconds: float) -> np.ndarray:
    blocks, length = [], 0
    for block in stream_audio(item.read(), sampling_rate):
        blocks.append(block)
        length += len(block)
        if length > max_seconds * sampling_rate:
            raise InputError(f"'{item.id}' is longer than {max_seconds / 3600:g} hours; cut it, or raise --max-hours.")
    return np.concatenate(blocks)
