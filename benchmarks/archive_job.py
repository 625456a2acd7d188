"""A job over many files: killed at random moments, its memory, and what it costs.

    python benchmarks/archive_job.py --kills 20 --files 500
    python benchmarks/archive_job.py --memory 1000
    python benchmarks/archive_job.py --speed 200 --text
    python benchmarks/archive_job.py --determinism 40 --data DATA

Files are cuts of the package's sample, the model is the default one on the CPU, with events; text only with `--text`.
Kills hit `whisper-at run` in two processes: the run itself, its workers and their decoders. The speed is that of a
quiet machine with two cores and OMP_NUM_THREADS=1. Determinism is about real clips, with text.
Prints what it found, and keeps it in benchmarks/archive_job/results.json beside what the other parts found.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from archive_job.determinism import determinism
from archive_job.kills import kills
from archive_job.memory import memory
from archive_job.speed import speed

from whisper_at_hf.analysis.cost.machine import describe_machine
from whisper_at_hf.files import write_json

RESULTS = Path(__file__).resolve().with_suffix("") / "results.json"


def main() -> None:
    args = parse_arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if args.kills:
            keep("kills", kills(folder, args.files, args.kills))
        if args.memory:
            keep("memory with text" if args.text else "memory", memory(folder, args.memory, args.text))
        if args.speed:
            keep("speed with text" if args.text else "speed", speed(folder, args.speed, args.text, args.repeats))
        if args.determinism:
            keep("determinism", determinism(folder, args.data, args.determinism))


def keep(part: str, found: dict) -> None:
    """Print a part, and put it into the JSON."""
    found = {**found, "machine": describe_machine("cpu", torch.get_num_threads())}
    print(f"{part}\n" + "\n".join(f"  {name}: {value}" for name, value in found.items()))
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    write_json(RESULTS, {**before, part: found})


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--kills", type=int, default=0, help="processes to kill")
    add("--files", type=int, default=500, help="of the job that is killed")
    add("--memory", type=int, default=0, metavar="FILES", help="files to go through")
    add("--speed", type=int, default=0, metavar="FILES", help="files to go through, several times")
    add("--repeats", type=int, default=3, help="for the speed")
    add("--determinism", type=int, default=0, metavar="FILES", help="real clips of DATA, worked on in several ways")
    add("--data", type=Path, help="holds speech/ and esc10/")
    add("--text", action="store_true", help="transcribe, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
