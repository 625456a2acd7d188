"""One attempt on one model, in a process of its own.

    python -m speed_attempts.worker JOB.json RESULT.json

The job names the attempt, the model's folder, the audio, a short audio to warm up on, dtype, threads, batch size and
repeats. Runs with and without the attempt alternate in the same process, so that a slow spell hits both.
"""

import json
import sys
import time
from pathlib import Path

from long_audio.worker import peak_rss_mb


def main() -> None:
    job_file, result_file = map(Path, sys.argv[1:])
    result_file.write_text(json.dumps(measured(json.loads(job_file.read_text()))))


def measured(job: dict) -> dict:
    """Seconds of the reference and of the attempt, their texts, and what the attempt takes before its first result."""
    import torch
    from transformers import logging, pipeline

    import whisper_at_hf  # noqa: F401  (registers the task)

    from .attempts import ATTEMPTS

    logging.set_verbosity_error()
    torch.set_num_threads(job["threads"])
    attempt = ATTEMPTS[job["attempt"]]
    pipe = pipeline("whisper-at", model=job["model"], dtype=job["dtype"])

    def run(options: dict, audio: str = job["audio"]) -> tuple[float, str]:
        start = time.perf_counter()
        text = pipe(audio, return_timestamps=True, batch_size=job["batch_size"], **options)["text"]
        return time.perf_counter() - start, text

    run(attempt.reference, job["warm_up"])
    before = peak_rss_mb()
    start = time.perf_counter()
    switch = attempt.prepare(pipe)
    prepare_seconds = time.perf_counter() - start
    with switch():
        first_seconds, _ = run(attempt.call)
    added = peak_rss_mb() - before
    seconds: dict[str, list[float]] = {"reference": [], "attempt": []}
    for _ in range(job["repeats"]):
        taken, reference_text = run(attempt.reference)
        seconds["reference"].append(taken)
        with switch():
            taken, text = run(attempt.call)
        seconds["attempt"].append(taken)
    return {
        "seconds": seconds,
        "prepare_seconds": prepare_seconds,
        "first_seconds": first_seconds,
        "peak_rss_mb_after_first": before + added,
        "texts": {"reference": reference_text, "attempt": text},
    }


if __name__ == "__main__":
    main()
