"""A job whose processes are killed at random moments, against one that is left alone."""

import random
import subprocess
import sys
import time
from pathlib import Path

import psutil

from .material import SHARD_SIZE, write_clips
from .rows import compare, read_rows

KINDS = ("run", "worker", "decoder")


def kills(folder: Path, files: int, count: int, processes: int = 2) -> dict:
    """Kill, by SIGKILL, `count` processes of a job: half of them the run itself, others one that it started.

    The job is begun anew in an empty folder when it ends before all have been killed; each of these is compared.
    """
    clips = write_clips(folder / "clips", files)
    started = time.perf_counter()
    assert _start(clips, folder / "whole", processes).wait() == 0
    duration = time.perf_counter() - started
    whole = read_rows(folder / "whole")
    draw = random.Random(0)
    killed = dict.fromkeys(KINDS, 0)
    finished = []
    while sum(killed.values()) < count:
        output = folder / f"killed-{len(finished)}"
        while not _goes_to_its_end(clips, output, processes, count, duration, draw, killed):
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
    count: int,
    duration: float,
    draw: random.Random,
    killed: dict[str, int],
) -> bool:
    """Start the run, kill processes of it until it is gone; whether it came to its end."""
    run = _start(clips, output, processes)
    while True:
        left = count - sum(killed.values())
        try:
            code = run.wait(duration * draw.uniform(0.0, 0.4) if left else None)
        except subprocess.TimeoutExpired:
            family = psutil.Process(run.pid).children(recursive=True)
            kind, victim = _victim(psutil.Process(run.pid), draw)
            victim.kill()
            killed[kind] += 1
            print(f"  killed a {kind}, {len(list(output.glob('rows/*.parquet')))} shards done", flush=True)
            if kind == "run":
                run.wait()
                _expect_gone(family)
                return False
            continue
        assert code == 0, f"the run ended with {code}"
        return True


def _victim(run: psutil.Process, draw: random.Random) -> tuple[str, psutil.Process]:
    workers = _spawned(run)
    decoders = [child for worker in workers for child in _spawned(worker)]
    kind = draw.choice(["run", "run", "worker", "decoder"])
    found = {"run": [run], "worker": workers, "decoder": decoders}[kind]
    return (kind, draw.choice(found)) if found else ("run", run)


def _spawned(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
    except psutil.NoSuchProcess:
        return []


def _expect_gone(family: list[psutil.Process]) -> None:
    """Nothing outlives the run."""
    _, alive = psutil.wait_procs(family, timeout=120)  # one that is just starting looks after a while
    assert not alive, f"still there: {alive}"


def _start(clips: Path, output: Path, processes: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "whisper_at_hf.cli", "run", clips, "--output", output, "--no-text", "--events"]
    command += ["--processes", processes, "--shard-size", SHARD_SIZE, "--device", "cpu", "--quiet"]
    return subprocess.Popen(list(map(str, command)))
