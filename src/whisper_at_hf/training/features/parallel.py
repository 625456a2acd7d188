"""Work ahead of the consumer, in threads."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
