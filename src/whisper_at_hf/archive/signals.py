"""Signals that stop a run."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stopped_by_signals(run: Any, on_stop: Callable[[], None]) -> Iterator[None]:
    """While open, the first SIGINT or SIGTERM ends the run after the shards in work, and the second one at once.

    Args:
        run: its `stopped_by` becomes the number of the signal.
        on_stop: called at the first one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: Any) -> None:
        if run.stopped_by:
            raise SystemExit(128 + number)
        run.stopped_by = number
        on_stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
