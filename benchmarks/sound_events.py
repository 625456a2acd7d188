"""Where sounds begin and end in speech: events of the pipeline against what was mixed.

    python benchmarks/sound_events.py --data DATA            # the test mixtures, at default settings
    python benchmarks/sound_events.py --data DATA --tune     # the search for those settings, on the tuning mixtures

DATA holds `speech/` and `esc10/`, each with a `labels.csv`. 60 seeded mixtures of a minute with five sounds each, -5
to 10 dB, whose recordings and speakers neither the head nor the search has heard. Event-based F1 by sed_eval with
collars of 0.5 and 1 s, PSDS by sed_scores_eval, both of which the test needs:

    pip install sed_eval sed_scores_eval "setuptools<81" "pandas<3"

Beside it, what the original package's defaults (10 s, top 5, logit above -1) make of the same logits. Prints tables,
and writes `benchmarks/sound_events/results.json` (or `tuning.json`).
"""

import argparse
import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sound_events.hearing import events_of, hear, original_events
from sound_events.matching import quick_f1
from sound_events.mixtures import ESC10_LABELS, SECONDS, TEST, TUNING, Event, Mixture, mixtures
from transformers import pipeline

import whisper_at_hf  # noqa: F401  registers the task
from whisper_at_hf.conversion.default_model import default_model_path
from whisper_at_hf.events import EventOptions, EventTrack
from whisper_at_hf.model.tagging import resolve_thresholds

LABELS = tuple(ESC10_LABELS.values())
FOLDER = Path(__file__).with_suffix("")
# What `--tune` tries. Steps are of 0.4 s.
WINDOWS = (0.8, 1.2, 2.0, 4.0, 10.0)
SMOOTHINGS = (0.0, 1.2, 2.0)
FACTORS_ON = (1.0, 1.25, 1.5, 1.75, 2.0)
FACTORS_OFF = (0.3, 0.45, 0.6, 0.8, 1.0)
GAPS = (0.0, 0.4, 0.8, 1.2, 1.6)
SHORTEST = (0.4, 0.8, 1.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", help="folder or hub id; the embedded default if left out")
    parser.add_argument("--tune", action="store_true", help="search on the tuning mixtures instead of testing")
    args = parser.parse_args()
    pipe = pipeline("whisper-at", model=args.model or str(default_model_path()), device="cpu")
    if args.tune:
        tune(pipe, list(mixtures(args.data, TUNING)))
    else:
        test(pipe, list(mixtures(args.data, TEST)))


def test(pipe: Any, mixed: list[Mixture]) -> None:
    """Scores the default settings, with text and without, beside the original's."""
    from sound_events.scoring import psds

    truth = [mixture.events for mixture in mixed]
    config = pipe.model.get_head().config
    results = {}
    for name, parameters in {"text and tags": {}, "tags only": {"return_text": False}}.items():
        asked = {"return_events": True, "return_event_scores": True, "return_logits": True, **parameters}
        heard = [hear(pipe, mixture, **asked) for mixture in track(mixed, name)]
        ours, theirs = [events_of(result) for result in heard], []
        theirs = [original_events(result["tag_logits"], list(config.labels)) for result in heard]
        tracks = [_track(result["event_scores"]) for result in heard]
        results[name] = {
            "ours": {**_figures(truth, ours), "psds1": psds(truth, tracks)},
            "original's defaults": _figures(truth, theirs),
        }
    show(results)
    _write("results.json", {"mixtures": len(mixed), "options": dataclasses.asdict(EventOptions()), **results})


def tune(pipe: Any, mixed: list[Mixture]) -> None:
    """Searches for the settings with the highest sum of both collars' F1."""
    truth = [mixture.events for mixture in mixed]
    config = pipe.model.get_head().config
    thresholds = resolve_thresholds(config).double().numpy()
    rows = []
    for window in WINDOWS:
        options = {"window": window}
        asked = {"return_text": False, "return_event_scores": True, "event_options": options, "return_events": False}
        scores = [hear(pipe, mixture, **asked)["event_scores"]["scores"] for mixture in track(mixed, f"{window:g} s")]
        for smoothing, on, off, gap, least in itertools.product(SMOOTHINGS, FACTORS_ON, FACTORS_OFF, GAPS, SHORTEST):
            tried = EventOptions(
                window=window, smoothing=smoothing, on=on, off=off, max_gap=gap, min_duration=least, labels=LABELS
            )
            found = [_events(config.labels, thresholds, tried, values) for values in scores]
            rows.append((quick_f1(truth, found), tried))
    rows.sort(key=lambda row: -sum(row[0]))
    best = {window: next(row for row in rows if row[1].window == window) for window in WINDOWS}
    table = Table("window, s", "F1 0.5 s", "F1 1 s", "smoothing", "on", "off", "gap", "shortest")
    for (half, one), tried in [*rows[:5], *best.values()]:
        values = (tried.window, half, one, tried.smoothing, tried.on, tried.off, tried.max_gap, tried.min_duration)
        table.add_row(*(f"{value:.3g}" for value in values))
    Console().print(table)
    as_found = [{"f1": scores, **dataclasses.asdict(tried)} for scores, tried in [*rows[:5], *best.values()]]
    _write("tuning.json", {"mixtures": len(mixed), "best": as_found[:5], "best by window": as_found[5:]})


def _events(labels: list[str], thresholds: np.ndarray, options: EventOptions, scores: np.ndarray) -> list[Event]:
    heard = EventTrack(labels, thresholds, options, options.labels)
    heard.add(scores)
    hop = options.hop
    return [Event(labels[label], first * hop, end * hop) for label, first, end, _ in heard.settle(is_last=True)]


def _track(scores: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    columns = [scores["labels"].index(label) for label in LABELS]
    hop = EventOptions().hop
    times = np.minimum(np.arange(len(scores["scores"]) + 1) * hop, SECONDS)
    return times, scores["scores"][:, columns]


def _figures(truth: list[tuple[Event, ...]], found: list[list[Event]]) -> dict[str, Any]:
    from sound_events.scoring import event_scores, strangers_per_minute

    figures: dict[str, Any] = event_scores(truth, found)
    figures["events of other sounds a minute"] = strangers_per_minute(truth, found)
    return figures


def show(results: dict[str, Any]) -> None:
    """Prints the tables."""
    table = Table("", "F1 1 s", "macro", "precision", "recall", "F1 0.5 s", "PSDS 1", "other sounds/min")
    for name, rows in results.items():
        for who, row in rows.items():
            one, half = row["1 s"], row["0.5 s"]
            values = [one["f1"], one["macro_f1"], one["precision"], one["recall"], half["f1"], row.get("psds1")]
            cells = ["" if value is None else f"{value:.3f}" for value in values]
            table.add_row(f"{name}: {who}", *cells, f"{row['events of other sounds a minute']:.2f}")
    Console(width=120).print(table)
    table = Table("F1 by label, 1 s", *(f"{name}: {who}" for name, rows in results.items() for who in rows))
    for label in LABELS:
        cells = [f"{row['1 s']['labels'][label]:.2f}" for rows in results.values() for row in rows.values()]
        table.add_row(label, *cells)
    Console(width=120).print(table)


def _write(name: str, values: dict[str, Any]) -> None:
    (FOLDER / name).write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    main()
