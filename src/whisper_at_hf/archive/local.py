"""A job on this machine: worker processes, which may die, and a run that may be stopped at any moment."""

import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

import torch

from ..errors import InputError
from .deaths import MOST_DEATHS, gave_up, nobody_to_blame
from .items import Item
from .job import Job
from .processes import end_with_parent
from .signals import stopped_by_signals

# Seconds after which a stop is noticed at the latest.
PATIENCE = 1.0
# Seconds that a worker may take to end, once there is nothing left to do; it may still be loading its model.
GOODBYE = 300.0


@dataclass
class _Task:
    """A shard that is to be done; `deadly` are files that are given up, by id, with the reason."""

    shard: int
    items: Sequence[Item]
    one_by_one: bool = False
    deadly: dict[str, str] = field(default_factory=dict)


@dataclass
class _Hand:
    """A worker process, what it works on, and the file that it began last."""

    process: Any
    pipe: Any
    task: _Task | None = None
    current: str | None = None
    files: int = 0  # done of its shard
    errors: int = 0  # of these
    is_ready: bool = False


def run_local(
    job: Job,
    shards: Sequence[Sequence[Item]],
    chosen: Sequence[int],
    processes: int = 1,
    on_files: Callable[[int], None] | None = None,
    on_stop: Callable[[], None] | None = None,
    on_errors: Callable[[int], None] | None = None,
) -> int:
    """Do shards of a job in processes of this machine.

    SIGINT and SIGTERM let each process finish its shard; a second one ends them at once. Finished shards are kept.
    Scripts that call this need `if __name__ == "__main__":`, since the processes import them.

    Args:
        job: what to do.
        shards: the files of each shard.
        chosen: the numbers of those that are to be done.
        processes: how many workers, each with a model.
        on_files: called with the number of files that are done since the last time; below zero where a process died
            before it could write them.
        on_stop: called at the first signal.
        on_errors: as `on_files`, for files that have an error.

    Returns:
        0, or the number of the signal that stopped the run.

    Raises:
        InputError: the results cannot be written, or workers die without a file being the reason.
    """
    waiting = deque(_Task(shard, shards[shard]) for shard in chosen)
    crew = _Crew(job, waiting, on_files or ignore, on_errors or ignore)
    with stopped_by_signals(crew, on_stop or ignore):
        try:
            crew.work(min(processes, len(waiting)))
        finally:
            crew.dismiss()
    return crew.stopped_by


def ignore(count: int = 0) -> None:
    """Where nobody wants to be told."""


class _Crew:
    def __init__(
        self,
        job: Job,
        waiting: deque[_Task],
        on_files: Callable[[int], None],
        on_errors: Callable[[int], None] = ignore,
    ):
        self.job, self.waiting, self.on_files, self.on_errors = job, waiting, on_files, on_errors
        self.hands: list[_Hand] = []
        self.deaths: Counter[str | int | None] = Counter()
        self.stopped_by = 0
        self.threads: int | None = None

    def work(self, processes: int) -> None:
        if "OMP_NUM_THREADS" not in os.environ and processes > 1:
            self.threads = max(1, torch.get_num_threads() // processes)
        for _ in range(processes):
            self._hire()
        while self.hands:
            for hand in list(self.hands):
                if hand.task is None and not self._give(hand):
                    self._let_go(hand)
            by_handle = {handle: hand for hand in self.hands for handle in (hand.pipe, hand.process.sentinel)}
            heard = {id(by_handle[handle]): by_handle[handle] for handle in wait(list(by_handle), PATIENCE)}
            for hand in heard.values():
                self._listen(hand)

    def dismiss(self) -> None:
        """End all processes, wherever they are."""
        for hand in list(self.hands):
            hand.process.kill()
            self._let_go(hand)

    def _hire(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.job, self.threads))
        process.start()
        theirs.close()
        self.hands.append(_Hand(process, ours))

    def _give(self, hand: _Hand) -> bool:
        """The next shard, if there is one."""
        if self.stopped_by or not self.waiting:
            return False
        hand.task = self.waiting.popleft()
        try:
            hand.pipe.send(hand.task)
        except OSError:  # it has died; `_listen` finds out
            pass
        return True

    def _let_go(self, hand: _Hand) -> None:
        self.hands.remove(hand)
        hand.pipe.close()
        hand.process.join(GOODBYE)
        hand.process.kill()
        hand.process.join()

    def _listen(self, hand: _Hand) -> None:
        try:
            while hand.pipe.poll():
                self._hear(hand, *hand.pipe.recv())
        except (EOFError, OSError):
            self._bury(hand)

    def _hear(self, hand: _Hand, what: str, value: Any) -> None:
        match what:
            case "ready":
                hand.is_ready = True
            case "file":
                hand.current = None
                hand.files += 1
                self.on_files(1)
            case "failed":
                hand.errors += 1
                self.on_errors(1)
            case "begins":
                hand.current = value
            case "shard":
                hand.task, hand.current, hand.files, hand.errors = None, None, 0, 0
            case _:
                raise InputError(value)

    def _bury(self, hand: _Hand) -> None:
        """A worker has died: its shard is done anew by another one, with care."""
        self._let_go(hand)
        task, culprit = hand.task, hand.current
        if task is not None:
            self.on_files(-hand.files)
            self.on_errors(-hand.errors)
            task.one_by_one |= hand.is_ready
            self.waiting.appendleft(task)
        reason = culprit if culprit is not None or task is None or not hand.is_ready else task.shard
        self.deaths[reason] += 1
        if self.deaths[reason] >= MOST_DEATHS:
            how = f" (exit code {hand.process.exitcode})"
            if culprit is None:
                raise InputError(nobody_to_blame(how))
            task.deadly[culprit] = gave_up(culprit, how)
        if not self.stopped_by and self.waiting:
            self._hire()


def _serve(pipe: Any, job: Job, threads: int | None) -> None:
    """A worker process: does shards until there are no more."""
    # A stopped run lets it finish its shard.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    end_with_parent()
    from transformers.utils import logging

    from .worker import Worker

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        with closing(Worker(job)) as worker:
            pipe.send(("ready", None))
            while True:
                task = pipe.recv()
                worker.run(
                    task.shard,
                    task.items,
                    task.deadly,
                    task.one_by_one,
                    on_start=lambda name: pipe.send(("begins", name)),
                    on_done=lambda: pipe.send(("file", None)),
                    on_error=lambda: pipe.send(("failed", None)),
                )
                pipe.send(("shard", None))
    except (EOFError, BrokenPipeError):
        pass  # nobody asks any more
    except InputError as error:
        pipe.send(("error", str(error)))
