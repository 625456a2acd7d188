"""A job whose processes are killed at random moments, against one that is left alone."""

import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from .material import SHARD_SIZE, write_clips
from .rows import compare, read_rows

# By engine, what is killed, in shares, and after which part of an undisturbed run's time: a Ray is slow to begin.
KINDS = {"local": {"run": 0.5, "worker": 0.25, "decoder": 0.25}, "ray": {"run": 0.5, "worker": 0.5}}
MOMENTS = {"local": (0.0, 0.4), "ray": (0.25, 0.6)}


def kills(folder: Path, files: int, count: int, engine: str = "local", processes: int = 2) -> dict:
    """Kill, by SIGKILL, `count` processes of a job: half of them the run itself, others one that it started.

    With Ray, the run is its driver, whose Ray ends with it, and workers are actors. The undisturbed run is always a
    local one. The job is begun anew in an empty folder when it ends before all have been killed; each of these is
    compared.
    """
    clips = write_clips(folder / "clips", files)
    started = time.perf_counter()
    assert _start(clips, folder / "whole", processes, "local").wait() == 0
    duration = time.perf_counter() - started
    whole = read_rows(folder / "whole")
    draw = random.Random(0)
    quota = {kind: round(share * count) for kind, share in KINDS[engine].items()}
    killed = dict.fromkeys(quota, 0)
    finished = []
    while killed != quota:
        output = folder / f"killed-{len(finished)}"
        while not _goes_to_its_end(clips, output, processes, engine, quota, duration, draw, killed):
            pass
        finished.append({**compare(read_rows(output), whole), "shards": len(list((output / "rows").iterdir()))})
        print(f"{sum(killed.values())} killed: {killed}, {finished[-1]}", flush=True)
    return {
        "files": files,
        "processes": processes,
        "seconds undisturbed": round(duration, 1),
        "killed": killed,
        "jobs": finished,
    }


def _goes_to_its_end(
    clips: Path,
    output: Path,
    processes: int,
    engine: str,
    quota: dict[str, int],
    duration: float,
    draw: random.Random,
    killed: dict[str, int],
) -> bool:
    """Start the run, kill processes of it until it is gone; whether it came to its end."""
    run = _start(clips, output, processes, engine)
    while True:
        left = [kind for kind in quota if killed[kind] < quota[kind]]
        try:
            code = run.wait(duration * draw.uniform(*MOMENTS[engine]) if left else None)
        except subprocess.TimeoutExpired:
            family = psutil.Process(run.pid).children(recursive=True)
            kind = draw.choice(left)
            victims = _processes(psutil.Process(run.pid), engine, kind)
            if not victims:  # none has started yet
                continue
            draw.choice(victims).kill()
            killed[kind] += 1
            print(f"  killed a {kind}, {len(list(output.glob('rows/*.parquet')))} shards done", flush=True)
            if kind == "run":
                run.wait()
                _expect_gone(family)
                return False
            continue
        assert code == 0, f"the run ended with {code}"
        return True


def _processes(run: psutil.Process, engine: str, kind: str) -> list[psutil.Process]:
    if kind == "run":
        return [run]
    workers = _spawned(run) if engine == "local" else _actors(run)
    return workers if kind == "worker" else [child for worker in workers for child in _spawned(worker)]


def _spawned(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
    except psutil.NoSuchProcess:
        return []


def _actors(run: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in run.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if " ".join(child.cmdline()).startswith("ray::MapWorker"):
                found.append(child)
    return found


def _expect_gone(family: list[psutil.Process]) -> None:
    """Nothing outlives the run."""
    _, alive = psutil.wait_procs(family, timeout=120)  # one that is just starting looks after a while
    assert not alive, f"still there: {alive}"


def _start(clips: Path, output: Path, processes: int, engine: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "whisper_at_hf.cli", "run", clips, "--output", output, "--no-text", "--events"]
    command += ["--processes", processes, "--shard-size", SHARD_SIZE, "--device", "cpu", "--quiet"]
    command += ["--engine", engine]
    return subprocess.Popen(list(map(str, command)))
