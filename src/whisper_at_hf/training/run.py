"""One training run from data to a folder with a head, its scores, plots and card."""

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from datasets import Dataset

from ..errors import InputError
from ..files import write_json
from .arguments import DataArguments, HeadArguments, TLTRTrainingArguments, check_together
from .clips import Clips, encode_clips, load_rows
from .data import check_duplicates, check_splits, fold_split, holdout_split, infer_problem_type, resolve_labels
from .data.checks import label_counts
from .distillation import load_teacher
from .features import load_encoder
from .fitting import Parts, Scores, fit_head, load_initial_head, score, table
from .model_card import write_model_card
from .output import (
    REFIT_FOLDER,
    RESULTS_FILE,
    check_output,
    clear_output,
    finished_results,
    remove_checkpoints,
)
from .plots import plot_confusion_matrix, plot_curves, plot_label_scores
from .trainer import TLTRTrainer

_RECIPE_ARGUMENTS = (
    *("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "seed"),
    *("learning_rate", "lr_scheduler_type", "warmup_steps"),
    *("lr_decay_factor", "lr_decay_start_epoch", "lr_decay_every", "optim", "adam_beta1", "adam_beta2"),
    *("weight_decay", "max_grad_norm", "bf16", "fp16", "step_dropout"),
    *("balanced_sampling", "epoch_share", "mixup_rate", "mixup_beta", "time_mask_steps", "label_smoothing_factor"),
    *("distillation_weight", "weight_averaging_start", "early_stopping_patience"),
)
_PACKAGES = ("whisper-at-hf", "transformers", "torch", "datasets", "accelerate", "scikit-learn")


def run_training(data: DataArguments, head: HeadArguments, args: TLTRTrainingArguments) -> dict[str, Any]:
    """Train a head, or with `data.cross_validation` one per fold and seed.

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
        from .cross_validation import cross_validate

        return cross_validate(data, head, args)
    rows = split_rows(data, args.seed)
    if args.load_best_model_at_end and rows["validation"] is None:
        raise InputError("The best weights are told by validation data; name some with --validation.")
    parts = prepare(rows, data, head, announcer(args))
    return train_and_write(parts, data, head, args)


def announcer(args: TLTRTrainingArguments) -> Callable[[str], None] | None:
    """Says on standard error what is going on, unless progress bars are off."""
    return None if args.disable_tqdm else partial(print, file=sys.stderr)


def split_rows(data: DataArguments, seed: int) -> dict[str, Dataset | None]:
    """`{"train", "validation", "test": rows}`: as given, by fold, or a share of the training clips held out."""
    splits = {"train": data.split, "validation": data.validation_split, "test": data.test_split}
    rows = {part: load_rows(getattr(data, part), data, split) for part, split in splits.items()}
    for part, fold in (("test", data.test_fold), ("validation", data.validation_fold)):
        if fold is None:
            continue
        if rows[part] is not None:
            raise InputError(f"--{part}_fold and --{part} both name {part} data; use one of them.")
        rows["train"], rows[part] = fold_split(rows["train"], fold)
    if rows["validation"] is None and data.validation_share > 0:
        rows["train"], rows["validation"] = holdout_split(rows["train"], data.validation_share, seed)
    return rows


def prepare(
    rows: dict[str, Dataset | None],
    data: DataArguments,
    head: HeadArguments,
    announce: Callable[[str], None] | None = None,
) -> Parts:
    """Labels, features and targets of all parts; raises InputError where they do not belong together."""
    given = [part for part in rows.values() if part is not None]
    labels = run_labels(given, data, head)
    problem_type = data.problem_type or (
        "multi_label_classification" if head.grow else infer_problem_type(rows["train"])
    )
    if len(labels) < 2 and problem_type == "single_label_classification":
        raise InputError(f"All clips have the label '{labels[0]}'; a head needs at least two labels to tell apart.")
    # An own set of labels may know more than the data does; the data's labels all need clips.
    check = partial(check_splits, labels=labels, allow_empty=head.grow or data.labels is not None)
    notes = check(rows["train"], rows["validation"])
    if head.grow:
        notes = []  # that old labels have no clips is the point
    if rows["test"] is not None:
        check(rows["train"], rows["test"], held_out="test data")
    encoder = load_encoder(data.whisper)

    def encode(part: Dataset, window: HeadArguments) -> Clips:
        return encode_clips(part, labels, problem_type, encoder, data, window, announce)

    clips = {part: None if chosen is None else encode(chosen, head) for part, chosen in rows.items()}
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        if clips[one] is not None and clips[other] is not None:
            keys = clips[one].keys(), clips[other].keys()
            check_duplicates(clips[one].rows, clips[other].rows, *keys, f"{one} data", f"{other} data")
    train = [clips["train"]]
    if data.extra_padding is not None:
        train.append(encode(clips["train"].rows, replace(head, input_padding=data.extra_padding)))
    if data.teacher is not None:
        for part in train:
            part.teacher = load_teacher(data.teacher, part.rows, labels)
    return Parts(labels, problem_type, encoder, train, clips["validation"], clips["test"], notes)


def run_labels(rows: list[Dataset], data: DataArguments, head: HeadArguments) -> list[str]:
    """The head's labels: as told, else the data's; a grown head keeps all of its own before the new ones."""
    labels = resolve_labels(data.labels, *rows)
    if not head.grow or head.init_head is None:
        return labels
    known = load_initial_head(head.init_head).config.labels
    return [*known, *(label for label in labels if label not in known)]


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


def online_options(parts: Parts, data: DataArguments) -> dict[str, Any]:
    """What `fit_head` needs to learn from audio instead of the cache, if the run is told to."""
    if not data.on_the_fly:
        return {}
    from .audio_dataset import online_training

    return online_training(parts, data)


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


def collect_results(
    trainer: TLTRTrainer, parts: Parts, scored: dict[str, Scores], data: DataArguments, args: TLTRTrainingArguments
) -> dict[str, Any]:
    """Scores and all that the card needs."""
    config = trainer.model.config
    results: dict[str, Any] = {key: value for part in scored.values() for key, value in part.metrics.items()}
    results |= {
        "name": Path(args.output_dir).resolve().name,
        "whisper": data.whisper or "openai/whisper-tiny.en",
        "encoder_sha256": parts.train[0].cache.spec.encoder,
        "labels": config.labels,
        "problem_type": config.problem_type,
        "head": {
            "aggregation": config.aggregation,
            "projection_dim": config.projection_dim,
            "projection_per_layer": config.projection_per_layer,
            "window_length_s": config.window_length_s,
            "input_padding": config.input_padding,
            "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
        },
        "data": {
            "train": describe(parts.train[0], data.train),
            "validation": describe(parts.validation, data.validation or data.train),
            "test": describe(parts.test, data.test or data.train),
        },
        "notes": parts.notes,
        "training_arguments": chosen_arguments(args),
        "thresholds": config.thresholds,
        "train_runtime_s": sum(entry.get("train_runtime", 0.0) for entry in trainer.state.log_history),
        "versions": {package: version(package) for package in _PACKAGES},
    }
    for name, scores in scored.items():
        results[name] = {key.split("_", 1)[1]: value for key, value in scores.metrics.items()}
        results["label_table"], results["label_table_split"] = table(trainer, scores), name
    return results


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


def describe(clips: Clips | None, sources: list[str]) -> dict[str, Any] | None:
    """Where clips come from and how many there are."""
    if clips is None:
        return None
    names = ", ".join(Path(source).name for source in sources)
    return {"source": names, "clips": len(clips), "clips_per_label": dict(sorted(label_counts(clips.rows).items()))}


def chosen_arguments(args: TLTRTrainingArguments) -> dict[str, Any]:
    """The arguments that make the recipe."""
    values = asdict(args)
    return {name: getattr(values[name], "value", values[name]) for name in _RECIPE_ARGUMENTS}
