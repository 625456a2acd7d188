"""Processes that do not outlive the one that started them."""

import ctypes
import signal
import sys

# From Linux's <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have this process killed when its parent ends, however that ends; on Linux, elsewhere it does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
