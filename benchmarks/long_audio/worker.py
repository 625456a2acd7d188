"""One measurement, in a process of its own, so that its peak memory is its own.

    python -m long_audio.worker JOB.json RESULT.json

The job names the runner and its options, the models' folders, the audio, device, dtype, threads and batch size; the
result holds seconds, memory in MB, text and versions. Loading is not timed; reading the audio file is.
"""

import json
import sys
import time
from importlib import metadata
from pathlib import Path

from long_audio import runners

PACKAGES = ("torch", "transformers", "whisper-at-hf", "whisper-at", "faster-whisper", "ctranslate2")


def main() -> None:
    job_file, result_file = map(Path, sys.argv[1:])
    job = json.loads(job_file.read_text())
    on_cuda = job["device"].startswith("cuda")
    has_torch = job["runner"] != "faster_whisper"
    if has_torch:
        import torch

        torch.set_num_threads(job["threads"])
    run = getattr(runners, job["runner"])(job)
    # Libraries allocate their workspaces, and some compile their kernels, on first use.
    run(job["warm_up"])
    cpu_seconds = time.process_time()
    if on_cuda and has_torch:
        torch.cuda.reset_peak_memory_stats()
        text, parts, seconds = timed_by_events(run, job["audio"])
    else:
        start = time.perf_counter()
        text, parts = run(job["audio"])
        seconds = time.perf_counter() - start
    result = {
        "seconds": seconds,
        # Fewer than seconds x threads: other programs had the processor, or the peer left a core idle.
        "cpu_seconds": time.process_time() - cpu_seconds,
        "parts": parts,
        "peak_rss_mb": peak_rss_mb(),
        "text": text,
        "versions": versions(),
    }
    if on_cuda and has_torch:
        result["peak_cuda_mb"] = torch.cuda.max_memory_allocated() / 2**20
    result_file.write_text(json.dumps(result))


def timed_by_events(run: runners.Runner, audio: str) -> tuple[str, dict[str, float], float]:
    """Text, parts and seconds on the GPU's own clock."""
    import torch

    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    text, parts = run(audio)
    end.record()
    torch.cuda.synchronize()
    return text, parts, start.elapsed_time(end) / 1000


def peak_rss_mb() -> float:
    """Most resident memory of this process so far, loading included.

    Not `ru_maxrss`: on Linux a child starts with that of the process that started it. Elsewhere it has to do.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def versions() -> dict[str, str]:
    """Versions of the packages that this interpreter has."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
