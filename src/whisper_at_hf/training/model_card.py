"""The model card of a trained head, filled from what was measured."""

import re
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path, PureWindowsPath
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from ..files import write_atomically
from ..model.tagging import DEFAULT_THRESHOLD

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
PICTURES = {
    "curves.png": "Curves",
    "confusion_matrix.png": "Confusion matrix",
    "label_scores.png": "Average precision by label",
}


def write_model_card(folder: str | PathLike, results: Mapping[str, Any], license: str | None = None) -> Path:
    """Write `README.md` into the folder of a trained head.

    Args:
        folder: the head's folder; pictures that it holds (`curves.png`, `confusion_matrix.png`,
            `label_scores.png`) are shown.
        results: what was measured. Only `labels` is needed; what is missing is left out of the card:

            - `name`, `whisper` (hub id or folder), `encoder_sha256`, `labels`, `problem_type`;
            - `head`: `aggregation`, `projection_dim`, `projection_per_layer`, `window_length_s`,
              `input_padding`, `parameters`;
            - `data`: per split (`train`, `validation`, `test`) `source`, `clips`, `clips_per_label`;
            - `training_arguments`, `train_runtime_s` (seconds), `versions`;
            - `validation`, `test`: the metrics of `whisper_at_hf.metrics.tagging_metrics`;
            - `label_table` and `label_table_split`, `thresholds`;
            - `cross_validation`: `folds` (metrics; the fold's name as `fold`, and `seed`), `mean`, `std`.

            Of paths, only the last part is shown.
        license: the licence's identifier on the hub, such as "cc-by-4.0"; None says nothing about it.

    Raises:
        InputError: the card cannot be written.
    """
    folder = Path(folder)
    # A caller's None stands for "not measured", as a missing key does.
    known = {key: value for key, value in results.items() if value is not None}
    parts = [
        _introduction(folder, known),
        _usage(known),
        _scores(known),
        _cross_validation(known),
        _label_scores(known),
        _pictures(folder),
        _labels(known),
        _training(known),
        _limits(known),
    ]
    metadata = _metadata(folder, known, license).to_yaml(line_break="\n")
    card = f"---\n{metadata}\n---\n\n" + "\n\n".join(part for part in parts if part) + "\n"
    path = folder / "README.md"
    write_atomically(path, card)
    return path


def _metadata(folder: Path, results: Mapping[str, Any], license: str | None) -> ModelCardData:
    measured = [
        EvalResult(
            task_type="audio-classification",
            task_name="Audio tagging",
            dataset_type=_identifier(source),
            dataset_name=source,
            dataset_split=split,
            metric_type=METRICS[key][1],
            metric_name=METRICS[key][0],
            metric_value=value,
        )
        for split in ("validation", "test")
        for source in [_source(results, split)]
        for key, value in _metrics(results.get(split)).items()
        if key in METRICS and METRICS[key][1]
    ]
    whisper = results.get("whisper")
    return ModelCardData(
        model_name=_name(folder, results) if measured else None,
        license=license,
        library_name="whisper-at-hf",
        pipeline_tag="audio-classification",
        base_model=whisper if whisper and _is_hub_id(whisper) else None,
        tags=["whisper-at", "audio-classification", "tltr"],
        metrics=list(dict.fromkeys(result.metric_type for result in measured)) or None,
        eval_results=measured or None,
    )


def _introduction(folder: Path, results: Mapping[str, Any]) -> str:
    head = results.get("head") or {}
    single = results.get("problem_type") == "single_label_classification"
    facts = [f"{len(results['labels'])} labels, {'one' if single else 'any number'} of them at a time"]
    if head.get("aggregation"):
        facts.append(f"aggregation `{head['aggregation']}`")
    if head.get("projection_dim"):
        each = ", each layer by itself" if head.get("projection_per_layer") else ""
        facts.append(f"projected to {head['projection_dim']} dimensions{each}")
    if head.get("parameters"):
        facts.append(f"{head['parameters']:,} parameters")
    lines = [
        f"# {_escaped(_name(folder, results))}",
        "",
        f"A tagging head for {_whisper(results)}: it tags sounds from the encoder states of the frozen Whisper,",
        "in the pass that also transcribes ([Whisper-AT](https://arxiv.org/abs/2307.03183)).",
        f"{'; '.join(facts)}.",
    ]
    if head.get("window_length_s"):
        padding = {"trim": ", encoded as it is", "pad": ", encoded with silence up to 30 s"}
        lines.append(f"One decision hears {head['window_length_s']:g} s{padding.get(head.get('input_padding'), '')}.")
    if results.get("encoder_sha256"):
        lines += ["", f"It fits every Whisper with the same encoder (SHA-256 `{results['encoder_sha256']}`)."]
    return "\n".join(lines)


def _usage(results: Mapping[str, Any]) -> str:
    whisper = results.get("whisper") or "path/to/whisper"
    if not _is_hub_id(whisper):
        whisper = f"path/to/{_public_name(whisper)}"
    return f"""## Use

```python
from whisper_at_hf import WhisperATForConditionalGeneration

model = WhisperATForConditionalGeneration.from_whisper("{whisper}", head="path/to/this/folder")
```

A model that already carries heads takes it as one more: `model.load_head("path/to/this/folder", name="mine")`.
To make a folder that transcribes and tags files:

```bash
whisper-at convert --whisper {whisper} --head path/to/this/folder --output my-model
whisper-at transcribe street.mp3 --model my-model
```"""


def _scores(results: Mapping[str, Any]) -> str:
    splits = {split: _metrics(results.get(split)) for split in ("validation", "test")}
    splits = {split: metrics for split, metrics in splits.items() if metrics}
    if not splits:
        return ""
    keys = dict.fromkeys(key for key in METRICS for metrics in splits.values() if key in metrics)
    keys |= dict.fromkeys(key for metrics in splits.values() for key in metrics)
    rows = [
        [METRICS[key][0] if key in METRICS else key, *(metrics.get(key) for metrics in splits.values())]
        for key in keys
    ]
    heads = [f"{split} ({_source(results, split)})" for split in splits]
    note = "" if "test" in splits else "The validation clips also served to choose, so expect less on others."
    return f"## Scores\n\n{_table(['', *heads], rows)}\n\n{note}".rstrip()


def _metrics(measured: Mapping[str, Any] | None) -> dict[str, Any]:
    """Without the Trainer's prefixes and its timings."""
    plain = {re.sub("^(eval|test)_", "", key): value for key, value in (measured or {}).items()}
    skipped = re.compile("epoch|runtime|.*_per_second|.*_time|labels_without_negatives")
    return {key: value for key, value in plain.items() if value is not None and not skipped.fullmatch(key)}


def _cross_validation(results: Mapping[str, Any]) -> str:
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
    return f"## Cross-validation\n\n{_table(['fold', *(METRICS[key][0] for key in keys)], rows)}"


def _label_scores(results: Mapping[str, Any]) -> str:
    if not results.get("label_table"):
        return ""
    columns = ("label", "positives", "average_precision", "auc", "precision", "recall", "f1")
    rows = [[row.get(column) for column in columns] for row in results["label_table"]]
    split = f", {results['label_table_split']} clips" if results.get("label_table_split") else ""
    heads = ["label", "clips", "average precision", "AUC", "precision", "recall", "F1"]
    return f"## Scores by label{split}\n\n{_table(heads, rows)}"


def _pictures(folder: Path) -> str:
    return "\n\n".join(f"![{title}]({name})" for name, title in PICTURES.items() if (folder / name).is_file())


def _labels(results: Mapping[str, Any]) -> str:
    splits = {split: data["clips_per_label"] for split, data in _data(results) if data.get("clips_per_label")}
    heads = ["label", *(f"{split} clips" for split in splits)]
    rows = [[label, *(counts.get(label, 0) for counts in splits.values())] for label in results["labels"]]
    note = ""
    if results.get("problem_type") != "single_label_classification":
        fitted = results.get("thresholds") or {}
        heads.append("threshold")
        rows = [[*row, fitted.get(label)] for row, label in zip(rows, results["labels"], strict=True)]
        note = f"\n\nA label counts as heard from its threshold on; without one, from {DEFAULT_THRESHOLD:g}."
    return f"## Labels\n\n{_table(heads, rows)}{note}"


def _training(results: Mapping[str, Any]) -> str:
    parts = []
    if _data(results):
        rows = [[split, _public_name(data.get("source")), data.get("clips")] for split, data in _data(results)]
        parts.append(_table(["split", "data", "clips"], rows))
    if results.get("training_arguments"):
        rows = [[f"`{name}`", _argument(value)] for name, value in results["training_arguments"].items()]
        parts.append(_table(["argument", "value"], rows, escape_first=False))
    if results.get("train_runtime_s") is not None:
        parts.append(f"Training took {results['train_runtime_s']:.0f} s.")
    if results.get("versions"):
        parts.append("Versions: " + ", ".join(f"{name} {value}" for name, value in results["versions"].items()) + ".")
    return "## Training\n\n" + "\n\n".join(parts) if parts else ""


def _limits(results: Mapping[str, Any]) -> str:
    limits = [
        "The scores hold for recordings like those above; try it on yours before relying on it.",
        "A sound that is none of the labels may get the most similar one.",
    ]
    if results.get("problem_type") == "single_label_classification":
        limits.append("Every window gets one of the labels, silence included.")
    window = (results.get("head") or {}).get("window_length_s")
    if window:
        limits.append(f"It was trained on windows of {window:g} s; others (`at_time_res`) work less well.")
    unseen = [row["label"] for row in results.get("label_table") or [] if not row.get("positives")]
    if unseen:
        limits.append(f"Not measured, for want of examples: {', '.join(map(_escaped, unseen))}.")
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits)


def _name(folder: Path, results: Mapping[str, Any]) -> str:
    return results.get("name") or folder.resolve().name


def _data(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(split, data) for split, data in (results.get("data") or {}).items() if data]


def _source(results: Mapping[str, Any], split: str) -> str:
    return _public_name(dict(_data(results)).get(split, {}).get("source")) or "own recordings"


def _whisper(results: Mapping[str, Any]) -> str:
    if not results.get("whisper"):
        return "Whisper"
    name = _public_name(results["whisper"])
    return f"[{name}](https://huggingface.co/{name})" if _is_hub_id(results["whisper"]) else _escaped(name)


def _is_hub_id(name: str) -> bool:
    return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", str(name)) is not None and not Path(name).exists()


def _public_name(source: Any) -> str:
    """A hub id as it is; of a path its last part, since folders tell about the machine and its user."""
    if not source:
        return ""
    # Windows paths take both kinds of slash.
    return str(source) if _is_hub_id(source) else PureWindowsPath(str(source)).name


def _argument(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_argument(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(str(_argument(item)) for item in value)
    if isinstance(value, (str, PathLike)) and re.search(r"[/\\]", str(value)):
        return _public_name(value)
    return str(value)


def _identifier(name: str) -> str:
    """A dataset's name as the hub's metadata take it."""
    return name if _is_hub_id(name) else re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "own-recordings"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]], escape_first: bool = True) -> str:
    lines = [_row(map(_escaped, heads)), _row("---" for _ in heads)]
    for first, *others in rows:
        lines.append(_row([_escaped(first) if escape_first else first, *map(_cell, others)]))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else _escaped(value)


def _escaped(text: Any) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", " ".join(str(text).split()))
