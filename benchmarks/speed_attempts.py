"""What was tried to make batched mode faster: every attempt against the unchanged mode, in the same process.

    python benchmarks/speed_attempts.py --data DATA --whisper tiny.en=FOLDER --whisper base=FOLDER
    ... --attempt int8 fused-qkv --dtype float32 bfloat16

DATA holds `speech/` and `esc10/`, each with a `labels.csv`; FOLDERs are transformers' Whispers. Three minutes of
sentences with sounds between, text with times, and tags; medians of interleaved repeats. What an attempt takes once
(quantising, compiling, the first use of its kernels) is shown apart. Where the package has taken an attempt up, it is
compared with the package without it. The torchao attempts need torchao; without it their rows say so. Prints a table,
and writes the JSON after each attempt; started again, it goes on where it was.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from long_audio.material import Material
from long_audio.models import with_random_head
from speed_attempts.attempts import ATTEMPTS
from speed_attempts.tables import table

from whisper_at_hf.analysis.cost.machine import describe_machine, usable_cores
from whisper_at_hf.analysis.robustness.word_errors import word_errors
from whisper_at_hf.files import cache_directory, write_json

BENCHMARKS = Path(__file__).resolve().parent
WARM_UP_MINUTES = 0.6


def main() -> None:
    args = parse_arguments()
    folder = args.cache or cache_directory() / "long-audio-benchmark"
    material = Material(args.data, folder)
    recording, warm_up = material.of_length(args.minutes), material.of_length(WARM_UP_MINUTES)
    job = {
        "audio": str(recording.path),
        "warm_up": str(warm_up.path),
        "threads": args.threads,
        "batch_size": args.batch_size,
        "repeats": args.repeats,
    }
    runs = json.loads(args.output.read_text())["runs"] if args.output.is_file() else []
    for name, whisper in args.whisper:
        model = str(with_random_head(whisper, folder / f"whisper-at-{name}"))
        for dtype in args.dtype:
            for attempt in args.attempt:
                key = {"model": name, "dtype": dtype, "attempt": attempt}
                if any(key.items() <= run.items() and "error" not in run for run in runs):
                    continue
                print(*key.values(), file=sys.stderr, flush=True)
                result = measure({**job, "attempt": attempt, "model": model, "dtype": dtype}, recording.transcript)
                runs = [run for run in runs if not key.items() <= run.items()] + [{**key, **result}]
                machine = describe_machine("cpu", args.threads)
                write_json(args.output, {"machine": machine, "minutes": recording.minutes, "runs": runs})
    print(table(runs))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder with speech/ and esc10/")
    add("--whisper", action="append", required=True, type=lambda text: text.split("=", 1), help="NAME=FOLDER")
    add("--attempt", nargs="+", choices=ATTEMPTS, default=list(ATTEMPTS), help="what to try")
    add("--dtype", nargs="+", choices=("float32", "bfloat16"), default=["float32"])
    add("--minutes", type=float, default=3)
    add("--repeats", type=int, default=3)
    add("--batch-size", type=int, default=16)
    add("--threads", type=int, default=usable_cores())
    add("--output", type=Path, default=BENCHMARKS / "speed_attempts" / "results.json", help="the JSON file")
    add("--cache", type=Path, help="folder for recordings and models; default: in the user's cache")
    return parser.parse_args()


def measure(job: dict, transcript: str) -> dict:
    """Medians and word errors of an attempt and of what it is compared with, or the error it ended with."""
    with tempfile.TemporaryDirectory() as folder:
        job_file, result_file = Path(folder) / "job.json", Path(folder) / "result.json"
        job_file.write_text(json.dumps(job))
        command = [sys.executable, "-m", "speed_attempts.worker", str(job_file), str(result_file)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(job["threads"]), "HF_HUB_OFFLINE": "1"}
        run = subprocess.run(command, cwd=BENCHMARKS, env=environment, capture_output=True, text=True)
        if run.returncode:
            return {"error": (run.stderr.strip().splitlines() or [f"ended with code {run.returncode}"])[-1]}
        result = json.loads(result_file.read_text())
    texts = result.pop("texts")
    medians = {side: median(values) for side, values in result["seconds"].items()}
    return {
        **result,
        "ratio": medians["attempt"] / medians["reference"],
        "same_text": texts["attempt"] == texts["reference"],
        "wrong_words": {side: word_errors(transcript, text)[0] for side, text in texts.items()},
        "words": word_errors(transcript, "")[1],
    }


if __name__ == "__main__":
    main()
