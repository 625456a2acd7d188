"""Many short clips: how much quicker they are in batches, and tags alone without padding to 30 s.

    python benchmarks/short_clips.py --data DATA --model MODEL [--clips 1000]

DATA holds `speech/` and `esc10/`, each with a `labels.csv`; clips are sentences and sounds by turns. MODEL is a
Whisper-AT folder; the embedded one if left out. Medians of interleaved repeats; prints a table and writes
`benchmarks/short_clips.json`.
"""

import argparse
import csv
import json
import statistics
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import torch
from transformers import Pipeline, pipeline

import whisper_at_hf  # noqa: F401  (registers the task)
from whisper_at_hf.analysis.cost.machine import describe_machine
from whisper_at_hf.audio import load_audio

ROOT = Path(__file__).resolve().parents[1]
LONGEST_SECONDS = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", help="Whisper-AT folder; the embedded one if left out")
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    pipe = pipeline("whisper-at", model=args.model)
    clips = load_clips(args.data, args.clips)
    seconds = measure(pipe, clips, args.repeats)
    report(seconds, len(clips), args.model or "embedded")


def load_clips(data: Path, count: int) -> list:
    """`count` arrays of at most 10 s: sentences and sounds by turns, again from the start where there are too few."""
    folders = [data / name for name in ("speech", "esc10")]
    rows = [[folder / row["path"] for row in csv.DictReader((folder / "labels.csv").open())] for folder in folders]
    mixed = [path for pair in zip(*rows, strict=False) for path in pair]
    sounds = (load_audio(path) for path in mixed)
    short = [audio for audio in sounds if len(audio) <= LONGEST_SECONDS * 16_000]
    return list(islice(cycle(short), count))


def measure(pipe: Pipeline, clips: list, repeats: int) -> dict[str, float]:
    """Median seconds of each way."""
    head = pipe.model.get_head().config
    window = head.input_padding

    def tags_padded() -> None:
        head.input_padding = "pad"  # 30 s for the encoder
        pipe(clips, return_text=False, batch_size=16)
        head.input_padding = window

    ways: dict[str, Callable] = {
        "text and tags, batch_size=1": lambda: pipe(clips, batch_size=1),
        "text and tags, batch_size=16": lambda: pipe(clips, batch_size=16),
        "tags alone, padded to 30 s": tags_padded,
        "tags alone": lambda: pipe(clips, return_text=False, batch_size=16),
    }
    pipe(clips[:4], batch_size=4)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def report(seconds: dict[str, float], count: int, model: str) -> None:
    """Print the table and write the JSON."""
    text = seconds["text and tags, batch_size=1"] / seconds["text and tags, batch_size=16"]
    tags = seconds["tags alone, padded to 30 s"] / seconds["tags alone"]
    ratios = {"batches": text, "tags without padding": tags}
    machine = describe_machine("cpu", torch.get_num_threads())
    result = {"machine": machine, "model": Path(model).name, "clips": count, "seconds": seconds, "ratios": ratios}
    (ROOT / "benchmarks" / "short_clips.json").write_text(json.dumps(result, indent=2) + "\n")
    print(f"{count} clips, {model}\n\n| way | seconds | clips a second |\n|---|---|---|")
    for name, value in seconds.items():
        print(f"| {name} | {value:.1f} | {count / value:.1f} |")
    print(f"\nbatches: {text:.2f} times as fast; tags without padding: {tags:.2f} times as fast")


if __name__ == "__main__":
    main()
