"""Which recipe for which encoder, told by folds that are not tested on.

    python benchmarks/recipe_choice.py esc10 --data esc10 --whisper openai/whisper-base --output RUNS

For every pair of folds a head is trained on the other ones and scored on both. The choice for a test fold looks only
at scores on other folds, by heads that have seen neither: the inner folds of nested cross-validation, with each head
used twice. Candidates are the preset with one projection or one per layer, trained for 20 or 40 epochs. Prints a table
and writes `benchmarks/recipe-<name>-<whisper>.json`; `benchmarks/cross_validation.py --epochs` takes the choice to the
test folds. Finished heads are kept in RUNS and not trained again.
"""

import argparse
import json
from itertools import combinations
from pathlib import Path

import numpy as np
from cross_validation import RECIPES, ROOT

from whisper_at_hf.training.cross_validation import fold_rows
from whisper_at_hf.training.recipes import parse_arguments
from whisper_at_hf.training.run import run_training

# Candidate -> what differs from the recipe.
CANDIDATES = {
    "one projection, 20 epochs": {"projection_per_layer": False},
    "one projection, 40 epochs": {"projection_per_layer": False, "num_train_epochs": 40},
    "a projection per layer, 20 epochs": {},
    "a projection per layer, 40 epochs": {"num_train_epochs": 40},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["esc10"], help="the data set")
    parser.add_argument("--data", required=True, help="its folder")
    parser.add_argument("--whisper", required=True, help="Whisper folder or hub id")
    parser.add_argument("--cache", default=None, help="folder for encoded features; default: the user's cache")
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="seeds of the heads")
    args = parser.parse_args()
    folds = fold_names(args)
    scores = {name: pair_scores(args, name, folds) for name in CANDIDATES}
    report(scores, args)


def pair_scores(args: argparse.Namespace, candidate: str, names: list[str]) -> dict[str, dict[str, float]]:
    """For each fold that could be tested on, the mean accuracy on each other fold by heads that have seen neither."""
    scores: dict[str, dict[str, list[float]]] = {fold: {} for fold in names}
    for one, other in combinations(names, 2):
        for seed in args.seeds:
            accuracy = train_pair(args, candidate, one, other, seed)
            scores[one].setdefault(other, []).append(accuracy["eval_accuracy"])
            scores[other].setdefault(one, []).append(accuracy["test_accuracy"])
    return {fold: {inner: float(np.mean(values)) for inner, values in row.items()} for fold, row in scores.items()}


def train_pair(args: argparse.Namespace, candidate: str, one: str, other: str, seed: int) -> dict[str, float]:
    """The results of one head: `test_accuracy` on fold `one`, `eval_accuracy` on fold `other`."""
    folder = args.output / f"{args.name}-{Path(args.whisper).name}" / candidate.replace(" ", "-").replace(",", "")
    data, head, training = parse_arguments(
        [],
        **RECIPES[args.name],
        **CANDIDATES[candidate],
        train=[args.data],
        whisper=args.whisper,
        cache_dir=args.cache,
        test_fold=one,
        validation_fold=other,
        seed=seed,
        eval_strategy="no",
        save_strategy="no",
        output_dir=str(folder / f"{one}-{other}-{seed}"),
        resume_from_checkpoint="True",
        disable_tqdm=True,
    )
    return run_training(data, head, training)


def fold_names(args: argparse.Namespace) -> list[str]:
    """The folds of the data, in order."""
    data, *_ = parse_arguments([], **RECIPES[args.name], train=[args.data], output_dir=str(args.output))
    return fold_rows(data, seed=0)[1]


def report(scores: dict[str, dict[str, dict[str, float]]], args: argparse.Namespace) -> None:
    """Print the table, a row a candidate and a column a test fold, and write the JSON."""
    means = {name: {fold: np.mean(list(row.values())) for fold, row in rows.items()} for name, rows in scores.items()}
    folds = list(next(iter(means.values())))
    overall = {name: float(np.mean(list(row.values()))) for name, row in means.items()}
    chosen = {fold: max(means, key=lambda name: means[name][fold]) for fold in folds}
    print(
        f"\n| {args.name}, {Path(args.whisper).name} | mean | {' | '.join(f'without fold {fold}' for fold in folds)} |"
    )
    print("|---|---|" + "---|" * len(folds))
    for name, row in means.items():
        cells = " | ".join(f"{100 * row[fold]:.2f}{'*' if chosen[fold] == name else ''}" for fold in folds)
        print(f"| {name} | {100 * overall[name]:.2f} | {cells} |")
    summary = {
        "data": args.name,
        "whisper": Path(args.whisper).name,
        "seeds": args.seeds,
        "accuracy_by_test_and_inner_fold": scores,
        "mean": overall,
        "chosen_by_test_fold": chosen,
        "chosen": max(overall, key=overall.get),
    }
    path = ROOT / "benchmarks" / f"recipe-{args.name}-{Path(args.whisper).name}.json"
    path.write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
