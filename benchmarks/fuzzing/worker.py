"""A process that makes hostile files and reads them, with a limit on its memory, until it is told to stop or dies."""

import contextlib
import faulthandler
import os
import random
import shutil
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from whisper_at_hf.errors import WhisperATError

from .kinds import KINDS

PACKAGE = "whisper_at_hf"
Outcome = Literal["fine", "ours", "other exception", "memory", "time-out", "crash"]


@dataclass
class Result:
    """What became of one case.

    Attributes:
        outcome: "ours" is a `WhisperATError`.
        detail: the exception's type, message and place; or the signal.
        seconds: of reading.
        peak_mb: how far the process' resident memory rose meanwhile, in MiB; 0 where the system does not say.
    """

    kind: str
    seed: int
    outcome: Outcome
    detail: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0


def hostile_file(kind: str, seed: int, intact: Path) -> bytes:
    """The bytes of a case, from folders that `make_intact` made."""
    rng = random.Random(f"{kind} {seed}")
    others = [name for name, other in KINDS.items() if other.family == KINDS[kind].family]
    other = rng.choice(others)
    return KINDS[kind].case(rng, _content(intact, kind), _content(intact, other))


def make_intact(folder: Path) -> None:
    """Write an intact folder of each kind."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    for name, kind in KINDS.items():
        target = folder / name
        target.mkdir(parents=True)
        kind.make(target)


def serve(pipe: Connection, intact: Path, memory_mb: int) -> None:
    """Answers each `(kind, seed)` with "reading", once the hostile file is there, and then with its `Result`."""
    _be_silent()
    _limit_memory(memory_mb)
    with tempfile.TemporaryDirectory() as work, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(work) / "intact"
        shutil.copytree(intact, folder)
        for kind, seed in iter(pipe.recv, None):
            target = folder / kind / KINDS[kind].file
            target.write_bytes(hostile_file(kind, seed, intact))
            pipe.send("reading")
            pipe.send(read_case(kind, seed, folder / kind))
            target.write_bytes(_content(intact, kind))


def read_case(kind: str, seed: int, folder: Path) -> Result:
    """Reads a folder and says what became of it."""
    _reset_peak()
    before, start = _memory("VmRSS"), time.perf_counter()
    outcome, detail = "fine", ""
    try:
        KINDS[kind].read(folder)
    except WhisperATError as error:
        outcome, detail = "ours", str(error)
    except BaseException as error:  # also what is no Exception: a reader has nothing to end
        is_memory = isinstance(error, MemoryError) or "allocate memory" in str(error)
        outcome, detail = ("memory" if is_memory else "other exception"), _place(error)
    return Result(kind, seed, outcome, detail, time.perf_counter() - start, _memory("VmHWM") - before)


def _content(intact: Path, kind: str) -> bytes:
    return (intact / kind / KINDS[kind].file).read_bytes()


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"/{PACKAGE}/" in frame.filename]
    shown = dict.fromkeys(f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*own[-1:], *frames[-1:]))
    return f"{type(error).__name__} in {' > '.join(shown)}: {str(error)[:200]}"


def _be_silent() -> None:
    """Readers and the libraries below them have much to say, and may ask; where a process dies is still told."""
    import torch

    faulthandler.enable(open(os.dup(2), "w"))  # noqa: SIM115  for as long as the process lives
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    torch.set_num_threads(1)  # threads of the process that this one was forked from are not here


def _limit_memory(more_mb: int) -> None:
    """Let the process have so much more address space than it has now; only Linux tells that and keeps to it."""
    size = _memory("VmSize")
    if size:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int((size + more_mb) * 2**20),) * 2)


def _memory(field: str) -> float:
    """A line of /proc/self/status in MiB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith(field))


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
