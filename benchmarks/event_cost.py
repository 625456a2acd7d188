"""What events and captions cost on top of text and tags, in turns, on the same ten minutes.

    python benchmarks/event_cost.py --data DATA [--rounds 5]

DATA holds `speech/` and `esc10/`, each with a `labels.csv`; the sound is ten of the test mixtures of `sound_events.py`
in a row. Text with timestamps and tags, against those with `return_events=True` and the SRT of `--captions sdh`. Prints
both medians and the median of the rounds' ratios, and writes `benchmarks/event_cost.json`. Set OMP_NUM_THREADS for
steady figures.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sound_events.mixtures import RATE, TEST, mixtures
from transformers import pipeline

import whisper_at_hf  # noqa: F401  registers the task
from whisper_at_hf.captions import format_captions
from whisper_at_hf.conversion.default_model import default_model_path

RESULTS = Path(__file__).with_suffix(".json")
MINUTES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    audio = np.concatenate([mixture.audio for mixture in mixtures(args.data, TEST, MINUTES)])
    pipe = pipeline("whisper-at", model=str(default_model_path()), device="cpu")
    # Greedy and without fallback: the same work in every round.
    options = {"return_timestamps": True, "generate_kwargs": {"temperature": 0.0}}

    def plain() -> None:
        pipe({"raw": audio, "sampling_rate": RATE}, **options)

    def with_events() -> None:
        result = pipe({"raw": audio, "sampling_rate": RATE}, return_events=True, **options)
        format_captions(result, "srt", "sdh")

    plain_s, events_s = [], []
    for turn in range(args.rounds + 1):
        # The first turn warms up; after it, each goes first as often as the other.
        pair = [(plain, plain_s), (with_events, events_s)]
        for run, seconds in pair if turn % 2 else reversed(pair):
            taken = timed(run)
            if turn:
                seconds.append(taken)
    ratio = statistics.median(events / base for base, events in zip(plain_s, events_s, strict=True))
    results = {
        "seconds_of_audio": len(audio) / RATE,
        "text and tags": statistics.median(plain_s),
        "with events and captions": statistics.median(events_s),
        "ratio": ratio,
    }
    for name, value in results.items():
        print(f"{name}: {value:.3f}")
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def timed(run: Callable[[], None]) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
