"""Long recordings: ours in every mode against what people use today, all in one run.

    python benchmarks/long_audio.py --data DATA --whisper tiny.en=FOLDER --whisper base=FOLDER
    ... --original-python VENV/bin/python --faster-whisper-python VENV/bin/python
    ... --ctranslate2 tiny.en=FOLDER --ctranslate2 base=FOLDER

DATA holds `speech/` and `esc10/`, each with a `labels.csv`; FOLDERs are transformers' Whispers, and their CTranslate2
conversions. The original needs an environment of its own (tests/fixtures/README.md), faster-whisper may have one too;
peers without theirs are left out. Three parts: `speed` on one file, every peer, medians of interleaved repeats; `wer`
over all utterances; `growth` of time and memory with the length of the file, for the first Whisper. Loading is never
timed, reading the audio file is; every run is a process of its own. Prints tables, and writes the JSON after each run
and a figure at the end; started again, it goes on where it was.
"""

import argparse
import os
import sys
from pathlib import Path

from long_audio import plan, results, tables
from long_audio.figure import draw_growth
from long_audio.material import Material, Recording
from long_audio.measure import Setup, Task, measure, missing
from long_audio.models import with_random_head
from long_audio.peers import GROWTH, PEERS

from whisper_at_hf.analysis.cost.machine import describe_machine, usable_cores
from whisper_at_hf.errors import InputError
from whisper_at_hf.files import cache_directory

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("speed", "wer", "growth")
# Long enough for long-form decoding and a batch of two windows.
WARM_UP_MINUTES = 0.6


def main() -> None:
    args = parse_arguments()
    folder = args.cache or cache_directory() / "long-audio-benchmark"
    material = Material(args.data, folder)
    parts = material.parts(args.minutes)
    setup = make_setup(args, material, folder)
    settings = {"batch_size": args.batch_size, "material": material.fingerprint, "speed_file": parts[0].name}
    found = results.Results(args.output, describe_machine(args.device, args.threads), settings)
    left_out = take(chosen_tasks(args, material, parts, list(setup.models)), setup, found)
    report(found, [part.name for part in parts], left_out)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder with speech/ and esc10/")
    add("--whisper", action="append", required=True, type=named_folder, help="NAME=FOLDER; repeatable")
    add("--ctranslate2", action="append", default=[], type=named_folder, help="NAME=FOLDER for faster-whisper")
    add("--original-python", help="interpreter that has whisper-at 0.5")
    add("--faster-whisper-python", help="interpreter that has faster-whisper")
    add("--output", type=Path, default=ROOT / "benchmarks" / "long_audio" / "results.json", help="the JSON file")
    add("--section", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="what to measure")
    add("--peer", nargs="+", choices=PEERS, default=list(PEERS), help="who is measured")
    add("--dtype", nargs="+", choices=("float32", "bfloat16"), default=["float32"], help="what ours computes in")
    add("--device", default="cpu", help="cpu or cuda")
    add("--minutes", type=float, default=10, help="length of the files for speed and word errors")
    add("--repeats", type=int, default=3, help="runs for speed")
    add("--growth-minutes", nargs="+", type=float, default=[1, 5, 10, 30, 60], help="lengths of the files for growth")
    add("--growth-peer", nargs="+", choices=PEERS, default=list(GROWTH), help="who is measured for growth")
    add("--batch-size", type=int, default=16, help="windows at a time, where a peer works in batches")
    add("--threads", type=int, default=usable_cores(), help="threads of every peer")
    add("--cache", type=Path, help="folder for recordings and models; default: in the user's cache")
    return parser.parse_args()


def named_folder(text: str) -> tuple[str, str]:
    """`NAME=FOLDER` as `(name, folder)`."""
    name, equals, folder = text.partition("=")
    if not equals or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER with a folder that exists")
    # Workers run in another folder.
    return name, str(Path(folder).resolve())


def make_setup(args: argparse.Namespace, material: Material, folder: Path) -> Setup:
    models = {name: {"transformers": whisper} for name, whisper in args.whisper}
    for name, kinds in models.items():
        kinds["ours"] = str(with_random_head(kinds["transformers"], folder / f"whisper-at-{name}"))
    for name, converted in args.ctranslate2:
        if name in models:
            models[name]["ctranslate2"] = converted
    pythons = {
        "ours": sys.executable,
        "original": args.original_python,
        "faster-whisper": args.faster_whisper_python,
    }
    return Setup(
        models,
        {name: os.path.abspath(python) for name, python in pythons.items() if python},
        material.of_length(WARM_UP_MINUTES),
        args.device,
        args.threads,
        args.batch_size,
    )


def chosen_tasks(
    args: argparse.Namespace, material: Material, parts: list[Recording], models: list[str]
) -> list[Task]:
    """The runs asked for, in their order."""
    tasks = []
    if "speed" in args.section:
        tasks += plan.speed_tasks(models, args.peer, args.dtype, parts[0], args.repeats)
    if "wer" in args.section:
        tasks += plan.word_error_tasks(models, args.peer, args.dtype, parts)
    if "growth" in args.section:
        peers = [peer for peer in args.peer if peer in args.growth_peer]
        recordings = [material.of_length(minutes) for minutes in args.growth_minutes]
        tasks += plan.growth_tasks(models[0], peers, args.dtype, recordings)
    return tasks


def take(tasks: list[Task], setup: Setup, found: results.Results) -> dict[str, str]:
    """Take the runs that have not been taken; gives the peers left out, each with the reason."""
    left_out = {}
    for number, task in enumerate(tasks, start=1):
        if found.has(task):
            continue
        reason = missing(task.model, task.peer, setup)
        if reason:
            left_out[f"{task.model} {task.peer}"] = reason
            continue
        record = measure(task, setup)
        found.add(record)
        outcome = f"failed: {record['error']}" if "error" in record else f"{record['seconds']:.1f} s"
        print(f"{number}/{len(tasks)} {' '.join(str(value) for value in task.key.values())}: {outcome}", flush=True)
    return left_out


def report(found: results.Results, parts: list[str], left_out: dict[str, str]) -> None:
    """Summaries into the JSON file, tables on the screen, the figure beside the JSON."""
    speed = results.speed_rows(found.runs, parts[0])
    word_errors = results.word_error_rows(found.runs, parts)
    growth = results.growth_rows(found.runs)
    found.write(speed=speed, word_errors=word_errors, growth=growth, left_out=left_out)
    machine = found.content["machine"]
    print("\n" + ", ".join(f"{name}: {value}" for name, value in machine.items()))
    for table, rows in (
        (tables.speed_table, speed),
        (tables.word_error_table, word_errors),
        (tables.growth_table, growth),
    ):
        if rows:
            print(f"\n{table(rows)}")
    for peer, reason in left_out.items():
        print(f"\nLeft out: {peer} ({reason}).")
    if growth:
        figures = draw_growth(growth, found.path.with_name("growth"))
        print("\nWrote " + ", ".join(str(path) for path in (found.path, *figures)))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
