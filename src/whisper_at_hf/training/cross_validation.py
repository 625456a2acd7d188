"""K-fold cross-validation: one head per fold and seed, and a table at the end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from datasets import Dataset

from ..data import assign_folds, folds, join_folds
from ..data.splits import DRAWN_FOLDS
from ..errors import InputError
from ..files import write_json
from .arguments import DataArguments, HeadArguments, TLTRTrainingArguments
from .clips import Clips, load_rows
from .fitting import Parts, fit_head, score
from .prepare import online_options, prepare
from .results import chosen_arguments, describe
from .run_folder import RESULTS_FILE, check_same_shape, clear_output, finished_results


def cross_validate(
    data: DataArguments,
    head: HeadArguments,
    args: TLTRTrainingArguments,
    announce: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train on all folds but one and test on that one, for every fold and seed.

    The clips of the other folds are all used for training: nothing is chosen by the fold that is tested. Finished
    folds are kept in `args.output_dir` and not trained again by a run that resumes.

    Args:
        data, head, args, announce: see `run_training`.

    Returns:
        What is in `results.json`: `test_<metric>` means over folds and seeds, and under `cross_validation` every
        fold's scores with mean and standard deviation over the folds (of the means over seeds).

    Raises:
        InputError: validation or test data besides the folds, fewer than two folds, or an argument that needs
            validation data.
    """
    if data.validation or data.test or data.test_fold or data.validation_fold:
        raise InputError(
            "Cross-validation tests on every fold in turn; leave out --validation, --test and their folds."
        )
    if data.refit or args.load_best_model_at_end:
        raise InputError(
            "Cross-validation has no validation data; leave out --refit, --early_stopping_patience and "
            "--load_best_model_at_end."
        )
    rows, names = fold_rows(data, args.seed)
    parts = prepare({"train": rows, "validation": None, "test": None}, data, head, announce)
    with args.main_process_first(desc="clearing the output folder"):
        if args.process_index == 0:
            clear_output(args)
    runs = []
    for seed in data.seeds or [args.seed]:
        for fold in names:
            runs.append(_fold_results(parts, fold, seed, data, head, args))
            if announce is not None and args.process_index == 0:
                announce(f"seed {seed}, fold {fold}: accuracy {runs[-1]['test_accuracy']:.4f}")
    results = _summary(runs, names, parts, data, args)
    if args.process_index == 0:
        write_json(Path(args.output_dir) / RESULTS_FILE, results)
    return results


def fold_rows(data: DataArguments, seed: int) -> tuple[Dataset, list[str]]:
    """The rows of `data.train` with a `fold` column, and the names of the folds.

    Without folds, `data.num_folds` (5) are drawn; with more folds than that, neighbours are joined, as when actors
    are the folds.

    Raises:
        InputError: fewer than two folds.
    """
    rows = load_rows(data.train, data, data.split)
    if "fold" not in rows.column_names:
        rows = assign_folds(rows, data.num_folds or DRAWN_FOLDS, seed)
    elif data.num_folds is not None:
        rows = join_folds(rows, data.num_folds)
    names = folds(rows)
    if len(names) < 2:
        raise InputError("Cross-validation needs at least two folds; give the data a fold column with more.")
    return rows, names


def _fold_results(
    parts: Parts, fold: str, seed: int, data: DataArguments, head: HeadArguments, args: TLTRTrainingArguments
) -> dict[str, Any]:
    # Folds may be called anything, paths included.
    folder = Path(args.output_dir) / f"fold-{quote(fold, safe=' ')}" / f"seed-{seed}"
    done = finished_results(folder)
    if done is not None:
        if head.init_head is None:
            check_same_shape(folder, head.shape)
        return done
    split = _split(parts, fold)
    fold_args = replace(args, output_dir=str(folder), seed=seed, save_strategy="no", resume_from_checkpoint=None)
    trainer = fit_head(split, head, fold_args, **online_options(split, data))
    metrics = score(trainer, split.test, "test").metrics
    results = {"fold": fold, "seed": seed, "clips": len(split.test), **metrics}
    if args.process_index == 0:
        trainer.model.save_pretrained(folder)
        write_json(folder / RESULTS_FILE, results)
    return results


def _split(parts: Parts, fold: str) -> Parts:
    """Clips of the other folds to train on, and those of this one to test on."""
    train = [clips.select(np.flatnonzero(~_inside(clips, fold))) for clips in parts.train]
    test = parts.train[0].select(np.flatnonzero(_inside(parts.train[0], fold)))
    return replace(parts, train=train, test=test)


def _inside(clips: Clips, fold: str) -> np.ndarray:
    return np.array([name == fold for name in clips.rows["fold"]])


def _summary(
    runs: list[dict[str, Any]], names: list[str], parts: Parts, data: DataArguments, args: TLTRTrainingArguments
) -> dict[str, Any]:
    # d-prime, for one, is missing where it would be infinite.
    metrics = [key for key in runs[0] if key.startswith("test_") and all(key in run for run in runs)]
    # Seeds are averaged first: the spread that matters is that between folds.
    by_fold = {
        key: [float(np.mean([run[key] for run in runs if run["fold"] == fold])) for fold in names] for key in metrics
    }
    mean = {key: float(np.mean(values)) for key, values in by_fold.items()}
    std = {key: float(np.std(values, ddof=1)) for key, values in by_fold.items()}
    return {
        **mean,
        "labels": parts.labels,
        "problem_type": parts.problem_type,
        "cross_validation": {"folds": runs, "mean_of_fold": by_fold, "fold": names, "mean": mean, "std": std},
        "data": {"train": describe(parts.train[0], data.train)},
        "training_arguments": chosen_arguments(args),
    }


def summary_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """Lines for a table: one per fold with its metrics (means over seeds), then mean and standard deviation."""
    validation = results["cross_validation"]
    keys = [key for key in ("test_accuracy", "test_map", "test_f1") if key in validation["mean"]]
    rows = [("fold", *(key.removeprefix("test_") for key in keys))]
    for place, fold in enumerate(validation["fold"]):
        rows.append((fold, *(f"{validation['mean_of_fold'][key][place]:.4f}" for key in keys)))
    for name in ("mean", "std"):
        rows.append((name, *(f"{validation[name][key]:.4f}" for key in keys)))
    return rows
