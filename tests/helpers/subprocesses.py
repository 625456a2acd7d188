"""Python in other processes: commands of their own, and forks that do one job."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def run_python(*arguments) -> subprocess.CompletedProcess:
    """Run `python ARGUMENTS...` on one thread, without a GPU or a hub; scripts can import this folder's modules."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def fork(job: Callable[[], None]) -> int:
    """The id of a child that does `job()` and no more."""
    child = os.fork()
    if child:
        return child
    try:
        job()
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(1)
    os._exit(0)
