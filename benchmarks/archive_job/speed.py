"""Two processes against one, and a job against a plain loop over the pipeline."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from whisper_at_hf.archive import Item, Job, run_local, run_ray
from whisper_at_hf.archive.worker import Worker
from whisper_at_hf.pipeline.loading import load_pipeline

from .material import begin, write_clips
from .rows import compare, read_rows

SECONDS = (4.0, 12.0)
# Shards of a hundred files are the default of `whisper-at run`; at least four of them share two processes evenly.
SHARD_SIZE = 100


def speed(folder: Path, files: int, text: bool, repeats: int) -> dict:
    """Medians of interleaved repeats; loading is timed only where it says so."""
    job, shards = begin(write_clips(folder / "speed-clips", files, SECONDS), folder / "speed", text, SHARD_SIZE)
    loop, worker = [], []
    for _ in range(repeats):
        loop.append(_loop(job, shards))
        worker.append(_worker(job, shards))
    runs: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(repeats):
        for processes, found in runs.items():
            found.append(_run(_in(job, folder / f"speed-{processes}"), shards, processes))
    one, two = (read_rows(folder / f"speed-{processes}") for processes in runs)
    working = {processes: median(rate for rate, _ in found) for processes, found in runs.items()}
    return {
        "files": files,
        "text": text,
        "repeats": repeats,
        "seconds of a plain loop": round(median(loop), 2),
        "seconds of a worker": round(median(worker), 2),
        "overhead": round(median(worker) / median(loop) - 1, 3),
        "files a second in one process": round(working[1], 2),
        "files a second in two processes": round(working[2], 2),
        "speed-up": round(working[2] / working[1], 2),
        "seconds in one process with loading": round(median(whole for _, whole in runs[1]), 1),
        "seconds in two processes with loading": round(median(whole for _, whole in runs[2]), 1),
        **compare(two, one),
    }


def ray_speed(folder: Path, files: int, text: bool, repeats: int) -> dict:
    """One process of Ray against one of `run_local`, in turns; medians."""
    job, shards = begin(write_clips(folder / "ray-clips", files, SECONDS), folder / "ray", text, max(1, files // 6))
    engines = {"local": run_local, "ray": run_ray}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for _ in range(repeats):
        for name, engine in engines.items():
            found[name].append(_run_shards(_in(job, folder / f"ray-{name}"), shards, engine))
    rates = {name: median(rate for rate, _ in runs) for name, runs in found.items()}
    return {
        "files": files,
        "text": text,
        "repeats": repeats,
        "files a second, local": round(rates["local"], 2),
        "files a second, ray": round(rates["ray"], 2),
        "overhead": round(rates["local"] / rates["ray"] - 1, 3),
        "seconds with loading, local": round(median(whole for _, whole in found["local"]), 1),
        "seconds with loading, ray": round(median(whole for _, whole in found["ray"]), 1),
        **compare(read_rows(folder / "ray-ray"), read_rows(folder / "ray-local")),
    }


def _in(job: Job, output: Path) -> Job:
    """The job with another, empty output."""
    shutil.rmtree(output, ignore_errors=True)
    return replace(job, output=str(output))


def _loop(job: Job, shards: list[list[Item]]) -> float:
    """What anybody would write without a job: all paths through the pipeline, in their order."""
    pipe = load_pipeline(job.model, job.device, job.dtype, job.parameters["return_text"])
    paths = [item.path for shard in shards for item in shard]
    list(pipe((path for path in paths[:2]), batch_size=job.batch_size, **job.parameters))
    started = time.perf_counter()
    list(pipe((path for path in paths), batch_size=job.batch_size, **job.parameters))
    return time.perf_counter() - started


def _worker(job: Job, shards: list[list[Item]]) -> float:
    """The same files through a worker, rows and files of rows included."""
    worker = Worker(job)
    worker.run(0, shards[0][:2])
    started = time.perf_counter()
    for shard, items in enumerate(shards):
        worker.run(shard, items)
    duration = time.perf_counter() - started
    worker.close()
    return duration


def _run(job: Job, shards: list[list[Item]], processes: int) -> tuple[float, float]:
    """Files a second from the first finished ones on, and the seconds of the whole run with loading."""
    moments: list[float] = []
    started = time.perf_counter()
    run_local(job, shards, range(len(shards)), processes, lambda count: moments.append(time.perf_counter()))
    ended = time.perf_counter()
    first = sum(moment < moments[0] + 0.05 for moment in moments)  # those of one batch come together
    return (len(moments) - first) / (moments[-1] - moments[0]), ended - started


def _run_shards(job: Job, shards: list[list[Item]], engine: Callable[..., int]) -> tuple[float, float]:
    """Files a second from the first finished shard on, when all is loaded, and the seconds of the whole run."""
    started = time.perf_counter()
    engine(job, shards, range(len(shards)), 1)
    ended = time.perf_counter()
    moments = sorted(path.stat().st_mtime for path in Path(job.output).glob("rows/*.parquet"))
    return sum(map(len, shards[1:])) / (moments[-1] - moments[0]), ended - started
