"""Memory that Python takes."""

import tracemalloc
from collections.abc import Iterable


def peak_bytes(items: Iterable) -> int:
    """The most memory in use at a time while `items` are read to their end and dropped."""
    tracemalloc.start()
    for _ in items:
        pass
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest
