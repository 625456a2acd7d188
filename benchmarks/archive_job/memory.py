"""What a worker holds while it goes through many files."""

from pathlib import Path

import psutil

from whisper_at_hf.archive.worker import Worker

from .material import begin, write_clips

SETTLED = 50


def memory(folder: Path, files: int, text: bool) -> dict:
    """Resident memory (MiB) and open files of a worker and its decoder, after `SETTLED` files and from then on."""
    job, shards = begin(write_clips(folder / "clips", files), folder / "memory", text)
    worker, myself = Worker(job), psutil.Process()
    measured: list[dict[str, tuple[float, int]]] = []

    def measure() -> None:
        (decoder,) = [child for child in myself.children() if "spawn_main" in " ".join(child.cmdline())]
        found = {"worker": myself, "decoder": decoder}
        measured.append({name: (one.memory_info().rss / 2**20, one.num_fds()) for name, one in found.items()})

    for shard, items in enumerate(shards):
        worker.run(shard, items, on_done=measure)
        print(f"{len(measured)} files: {measured[-1]}", flush=True)
    worker.close()
    return {
        "files": files,
        "text": text,
        **{name: _growth([moment[name] for moment in measured]) for name in ("worker", "decoder")},
    }


def _growth(moments: list[tuple[float, int]]) -> dict:
    later = moments[SETTLED:]
    return {
        f"MiB after {SETTLED}": round(moments[SETTLED - 1][0]),
        "most MiB after that": round(max(size for size, _ in later)),
        "MiB at the end": round(later[-1][0]),
        f"open files after {SETTLED}": moments[SETTLED - 1][1],
        "most open files after that": max(count for _, count in later),
    }
