"""What was measured in a training, as the tables of a card."""

import re
from collections.abc import Mapping
from typing import Any

from huggingface_hub import EvalResult

from .markdown import table
from .naming import identifier, public_name

# The figures of `tagging_metrics`: name in the tables, identifier in the metadata.
METRICS = {
    "map": ("mAP (macro)", "mAP"),
    "auc": ("AUC (macro)", "roc_auc"),
    "d_prime": ("d-prime", "d_prime"),
    "accuracy": ("accuracy", "accuracy"),
    "f1": ("F1 (macro)", "f1"),
    "loss": ("loss", None),
    "labels_scored": ("labels with examples", None),
    "labels_without_positives": ("labels without examples, left out", None),
}
SPLITS = ("validation", "test")


def eval_results(results: Mapping[str, Any]) -> list[EvalResult]:
    """The measured scores as the hub's metadata hold them."""
    return [
        EvalResult(
            task_type="audio-classification",
            task_name="Audio tagging",
            dataset_type=identifier(source),
            dataset_name=source,
            dataset_split=split,
            metric_type=METRICS[key][1],
            metric_name=METRICS[key][0],
            metric_value=value,
        )
        for split in SPLITS
        for source in [_source(results, split)]
        for key, value in _metrics(results.get(split)).items()
        if key in METRICS and METRICS[key][1]
    ]


def scores_table(results: Mapping[str, Any]) -> str:
    """A row for each metric, a column for each split that was scored; empty if none was."""
    splits = {split: _metrics(results.get(split)) for split in SPLITS}
    splits = {split: metrics for split, metrics in splits.items() if metrics}
    keys = dict.fromkeys(key for key in METRICS for metrics in splits.values() if key in metrics)
    keys |= dict.fromkeys(key for metrics in splits.values() for key in metrics)
    rows = [
        [METRICS[key][0] if key in METRICS else key, *(metrics.get(key) for metrics in splits.values())]
        for key in keys
    ]
    return table(rows, ["", *(f"{split} ({_source(results, split)})" for split in splits)]) if splits else ""


def cross_validation_table(results: Mapping[str, Any]) -> str:
    """A row for each fold, the mean and the standard deviation; empty if there was none."""
    measured = results.get("cross_validation")
    if not measured:
        return ""
    several = len({fold.get("seed") for fold in measured["folds"]}) > 1
    named = [
        (f"{fold.get('fold', number)}" + (f", seed {fold.get('seed')}" if several else ""), fold)
        for number, fold in enumerate(measured["folds"], start=1)
    ]
    named += [(name, measured[key]) for name, key in (("mean", "mean"), ("standard deviation", "std"))]
    named = [(name, _metrics(fold)) for name, fold in named]
    keys = [key for key in METRICS if any(key in fold for _, fold in named)]
    rows = [[name, *(fold.get(key) for key in keys)] for name, fold in named]
    return table(rows, ["fold", *(METRICS[key][0] for key in keys)])


def label_scores_table(results: Mapping[str, Any]) -> str:
    """A row for each label that was scored."""
    columns = ("label", "positives", "average_precision", "auc", "precision", "recall", "f1")
    rows = [[row.get(column) for column in columns] for row in results.get("label_table") or []]
    return table(rows, ["label", "clips", "average precision", "AUC", "precision", "recall", "F1"]) if rows else ""


def _metrics(measured: Mapping[str, Any] | None) -> dict[str, Any]:
    """Without the Trainer's prefixes and its timings."""
    plain = {re.sub("^(eval|test)_", "", key): value for key, value in (measured or {}).items()}
    skipped = re.compile("epoch|runtime|.*_per_second|.*_time|labels_without_negatives")
    return {key: value for key, value in plain.items() if value is not None and not skipped.fullmatch(key)}


def _source(results: Mapping[str, Any], split: str) -> str:
    data = (results.get("data") or {}).get(split) or {}
    return public_name(data.get("source")) or "own recordings"
