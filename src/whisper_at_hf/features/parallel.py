"""Work side by side: threads that read ahead, and the processes of accelerate."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env

# Processes wait for the slowest one at the end; torch's own limit of some minutes is meant for training steps.
LONGEST_WAIT = timedelta(days=30)

Item = TypeVar("Item")
Result = TypeVar("Result")

DEFAULT_THREADS = min(8, os.cpu_count() or 1)


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int = DEFAULT_THREADS
) -> Iterator[Result]:
    """`map(function, items)`, in order, where up to `threads` calls run while the consumer works on a result.

    Never more than `threads + 1` results wait, so that memory stays bounded however slow the consumer is.
    """
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def process_state() -> PartialState:
    """Which of how many processes this is, and the device that it shall use.

    Without an accelerator accelerate has to be told so, or each process takes itself for the only one.
    """
    cpu = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.accelerator.is_available()
    return PartialState(cpu=cpu, timeout=LONGEST_WAIT)
