"""One training run from data to a folder with a head, its scores, plots and card."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cards import write_model_card
from ..errors import InputError
from ..files import write_json
from .arguments import DataArguments, HeadArguments, TLTRTrainingArguments, check_together
from .cross_validation import cross_validate
from .fitting import Parts, Scores, fit_head, score
from .plots import plot_confusion_matrix, plot_curves, plot_label_scores
from .prepare import online_options, prepare, split_rows
from .results import collect_results
from .run_folder import REFIT_FOLDER, RESULTS_FILE, check_output, clear_output, finished_results, remove_checkpoints
from .trainer import TLTRTrainer


def run_training(
    data: DataArguments,
    head: HeadArguments,
    args: TLTRTrainingArguments,
    announce: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train a head, or with `data.cross_validation` one per fold and seed.

    Args:
        data: what to learn from.
        head: what to train.
        args: how to train it.
        announce: told what is going on, with a progress bar of the encoding; None for silence until it trains.

    Returns:
        What is in `results.json` of `args.output_dir`: scores as `eval_accuracy`, `test_map` ..., a table per label,
        the data, the arguments. Beside it lie the head (`from_pretrained`), `README.md`, `curves.png` and
        `confusion_matrix.png` (or `label_scores.png` for multi-label heads).

    Raises:
        InputError: something in the data or the arguments is not right.
    """
    check_output(args)
    if args.resume_from_checkpoint and (done := finished_results(args.output_dir)):
        return done
    check_together(data, args)
    if data.cross_validation:
        return cross_validate(data, head, args, announce)
    rows = split_rows(data, args.seed)
    if args.load_best_model_at_end and rows["validation"] is None:
        raise InputError("The best weights are told by validation data; name some with --validation.")
    parts = prepare(rows, data, head, announce)
    return train_and_write(parts, data, head, args)


def train_and_write(
    parts: Parts, data: DataArguments, head: HeadArguments, args: TLTRTrainingArguments
) -> dict[str, Any]:
    """Train on prepared clips and fill the output folder."""
    main = args.process_index == 0
    if main:
        clear_output(args)
    trainer = fit_head(parts, head, args, resume=args.resume_from_checkpoint, **online_options(parts, data))
    history = trainer.state.log_history
    scored = {} if parts.validation is None else {"validation": score(trainer, parts.validation, "eval")}
    if data.refit and parts.validation is not None:
        trainer = refit(parts, data, head, args, trainer.model.config.thresholds)
    if parts.test is not None:
        scored["test"] = score(trainer, parts.test, "test")
    results = collect_results(trainer, parts, scored, data, args)
    if main:
        write_folder(trainer, results, scored, history, Path(args.output_dir))
    return results


def refit(
    parts: Parts,
    data: DataArguments,
    head: HeadArguments,
    args: TLTRTrainingArguments,
    thresholds: dict[str, float] | None,
) -> TLTRTrainer:
    """Train once more on training and validation clips, with the thresholds that were fitted without the latter."""
    if data.teacher is not None:
        raise InputError("--refit has no teacher for the validation clips; leave one of the two out.")
    everything = [parts.train[0].join(parts.validation), *parts.train[1:]]
    joined = replace(parts, train=everything, validation=None)
    again = replace(args, output_dir=str(Path(args.output_dir) / REFIT_FOLDER))
    # A checkpoint that was named is one of the first training.
    resume = bool(args.resume_from_checkpoint)
    trainer = fit_head(joined, head, again, resume=resume, **online_options(joined, data))
    trainer.model.config.thresholds = thresholds
    return trainer


def write_folder(
    trainer: TLTRTrainer, results: dict[str, Any], scored: dict[str, Scores], history: list[dict], folder: Path
) -> None:
    """Head, plots, card and scores; the scores last, since they tell that the run is finished."""
    config = trainer.model.config
    trainer.model.save_pretrained(folder)
    if any("loss" in entry or "eval_loss" in entry for entry in history):
        plot_curves(history, folder / "curves.png")
    if scored:
        scores = list(scored.values())[-1]
        if trainer.single_label:
            truth, found = scores.targets.argmax(axis=1), scores.probabilities.argmax(axis=1)
            plot_confusion_matrix(truth, found, config.labels, folder / "confusion_matrix.png")
        else:
            plot_label_scores(results["label_table"], folder / "label_scores.png")
    write_model_card(folder, results)
    write_json(folder / RESULTS_FILE, results)
    remove_checkpoints(folder)
