"""TLTR, its ablations and linear probes on the folds of a data set, every row by the same recipe.

    python benchmarks/cross_validation.py esc10 --data esc10 --whisper openai/whisper-base --output RUNS
    python benchmarks/cross_validation.py emotion --data emotion --whisper openai/whisper-base --output RUNS

Each row of heads is what `whisper-at train --preset esc50 --cross-validation --seeds 1 2 3 --train ...` gives (for
emotion `--config recipes/emotion.yaml`). Finished folds are kept in RUNS and not trained again. Prints a table and
writes `benchmarks/<name>-<whisper>.json`, where heads of other `--rows` stay if `--epochs` are the same. The recipe
was not chosen on these test folds, see the preset and, for `--epochs` and projections per layer,
`benchmarks/recipe_choice.py`.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from whisper_at_hf.analysis.layers.encoders import time_means
from whisper_at_hf.analysis.layers.probes import best_probe, probe_layers
from whisper_at_hf.training.arguments import DataArguments, HeadArguments, TLTRTrainingArguments
from whisper_at_hf.training.cross_validation import fold_rows
from whisper_at_hf.training.prepare import prepare
from whisper_at_hf.training.recipes import parse_arguments
from whisper_at_hf.training.run import run_training

ROOT = Path(__file__).resolve().parents[1]
# Row title -> what differs from the recipe.
HEADS = {
    "last layer": {"aggregation": "last", "projection_dim": None},
    "mean of layers": {"aggregation": "mean", "projection_dim": None},
    "learned layer weights": {"aggregation": "weighted", "projection_dim": None},
    "TLTR": {"aggregation": "tltr", "projection_dim": None},
    "TLTR with projection": {"aggregation": "tltr", "projection_per_layer": False},
    "TLTR with a projection per layer": {"aggregation": "tltr"},
}
RECIPES = {"esc10": {"preset": "esc50"}, "emotion": {"config": ROOT / "recipes" / "emotion.yaml"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=RECIPES, help="the data set")
    parser.add_argument("--data", required=True, help="its folder")
    parser.add_argument("--whisper", required=True, help="Whisper folder or hub id")
    parser.add_argument("--cache", default=None, help="folder for encoded features; default: the user's cache")
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--rows", nargs="+", default=list(HEADS), choices=list(HEADS), help="heads to train")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds of the heads")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's; see recipe_choice.py")
    args = parser.parse_args()
    heads = {row: run_training(*run_arguments(args, row))["cross_validation"] for row in args.rows}
    accuracies = {f"head: {row}": result["mean_of_fold"]["test_accuracy"] for row, result in heads.items()}
    seeds = {row: sorted({run["seed"] for run in result["folds"]}) for row, result in heads.items()}
    heads_so_far, seeds_so_far = earlier_rows(args)
    report(probe_rows(args) | heads_so_far | accuracies, seeds_so_far | seeds, args)


def run_arguments(args: argparse.Namespace, row: str) -> tuple[DataArguments, HeadArguments, TLTRTrainingArguments]:
    """The arguments of one row's cross-validation."""
    name = Path(args.whisper).name
    data, head, training = parse_arguments(
        [],
        **RECIPES[args.name],
        train=[args.data],
        whisper=args.whisper,
        cache_dir=args.cache,
        cross_validation=True,
        seeds=args.seeds,
        num_train_epochs=args.epochs,
        output_dir=str(args.output / f"{args.name}-{name}" / row.replace(" ", "-")),
        resume_from_checkpoint="True",
        disable_tqdm=True,
    )
    for field, value in HEADS[row].items():
        setattr(head, field, value)
    return data, head, training


def result_path(args: argparse.Namespace) -> Path:
    """Where the scores of this data and Whisper are written."""
    return ROOT / "benchmarks" / f"{args.name}-{Path(args.whisper).name}.json"


def earlier_rows(args: argparse.Namespace) -> tuple[dict[str, list[float]], dict[str, list[int]]]:
    """Accuracies of heads by fold, and their seeds, that an earlier call with the same epochs wrote."""
    path = result_path(args)
    if not path.is_file() or (earlier := json.loads(path.read_text())).get("epochs") != args.epochs:
        return {}, {}
    heads = {row: values for row, values in earlier["accuracy_by_fold"].items() if row.startswith("head")}
    return heads, earlier["seeds"]


def probe_rows(args: argparse.Namespace) -> dict[str, list[float]]:
    """Accuracy of every probe on every fold."""
    data, head, _ = run_arguments(args, "TLTR")
    rows, folds = fold_rows(data, seed=0)
    parts = prepare({"train": rows, "validation": None, "test": None}, data, head)
    clips = parts.train[0]
    probes = probe_layers(time_means(clips.cache, clips.positions), clips.targets, clips.rows["fold"][:], folds)
    return {f"probe: {name}": probe.accuracies for name, probe in probes.items()}


def report(results: dict[str, list[float]], seeds: dict[str, list[int]], args: argparse.Namespace) -> None:
    """Print the table and write the JSON. `results` are accuracies by fold, those of heads the means over `seeds`."""
    probes = {name: values for name, values in results.items() if name.startswith("probe")}
    layers = {name: values for name, values in probes.items() if "layer " in name}
    best = best_probe(probes)
    print(f"\n| {args.name}, {Path(args.whisper).name} | mean | std over folds | minus {best} (mean ± std) |")
    print("|---|---|---|---|")
    for name, values in results.items():
        difference = np.array(values) - np.array(results[best])
        print(
            f"| {name} | {100 * np.mean(values):.2f} | {100 * np.std(values, ddof=1):.2f} "
            f"| {100 * difference.mean():+.2f} ± {100 * difference.std(ddof=1):.2f} |"
        )
    summary = {
        "data": args.name,
        "whisper": Path(args.whisper).name,
        "seeds": seeds,
        "epochs": args.epochs,
        "best_probe": best,
        "best_layer_probe": best_probe(layers),
        "accuracy_by_fold": results,
        "mean": {name: float(np.mean(values)) for name, values in results.items()},
        "std_over_folds": {name: float(np.std(values, ddof=1)) for name, values in results.items()},
        "minus_best_probe": {
            name: [value - peer for value, peer in zip(values, results[best], strict=True)]
            for name, values in results.items()
        },
    }
    result_path(args).write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
