"""Scores of `whisper-at evaluate` beside the published ones, blank where there are none."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import ASTConfig, AutoConfig

from ...errors import InputError, first_line
from ...labels import audioset_labels
from ...model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from ..cost.counting import Count
from ..cost.run import COMPARED_HEAD, COMPARED_WHISPER, ast_cost, head_cost
from ..cost.sizes import SIZES
from ..published import AST, PAPER, RESULTS, WHISPER_AT

# The published column of each benchmark that has one. ESC-10, 400 of ESC-50's clips, has none, and never stands in
# for it. AS-20K and AS-2M name what was trained on; both are scored on AudioSet's evaluation set.
BENCHMARKS = {"as-20k": "AS-20K mAP", "as-2m": "AS-2M mAP", "esc-50": "ESC-50 acc.", "esc-10": "ESC-10 acc."}
METRICS = {"as-20k": "map", "as-2m": "map", "esc-50": "accuracy", "esc-10": "accuracy"}
LABEL_COUNTS = {"as-20k": 527, "as-2m": 527, "esc-50": 50, "esc-10": 10}


@dataclass(frozen=True)
class MeasuredScore:
    """One number of ours.

    Attributes:
        value: in percent.
        clips: that were scored.
        folds: over which it is a mean, where it comes from a cross-validation.
    """

    value: float
    clips: int
    folds: int | None = None


@dataclass
class TableRow:
    """One system.

    Attributes:
        name: of the system.
        origin: of the scores, "published" or "measured"; a row never has both.
        scores: percent by benchmark, only those that there are.
        published_parameters, published_operations: millions and thousand millions, as in the source.
        parameters, macs: for 10 s, counted in the real module, where it is known; of heads, without the encoder.
        source: address of published ones.
        notes: what else a reader must know of the scores, by benchmark.
    """

    name: str
    origin: str
    scores: dict[str, float] = field(default_factory=dict)
    published_parameters: float | None = None
    published_operations: float | None = None
    parameters: int | None = None
    macs: int | None = None
    source: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


def benchmark_table(scores: list[str] | None = None, models: list[str] | None = None) -> list[TableRow]:
    """Published rows first, then one row for each system that was scored here.

    Args:
        scores: each "NAME:BENCHMARK=FILE", with a JSON file of `whisper-at evaluate --output`, `whisper-at analyze
            peer --output`, or the results.json of a training with or without `--cross-validation`; BENCHMARK is one
            of as-20k and as-2m (what was trained on), esc-50 and esc-10. Several of one NAME make one row.
        models: each "NAME=MODEL", the folder or hub id of that system's head, Whisper-AT or AST, to be counted.

    Raises:
        InputError: scores or models of another form, a benchmark named twice for one system, a model without scores,
            what cannot be read, or scores on other labels than the benchmark's.
    """
    measured: dict[str, TableRow] = {}
    for given in scores or []:
        name, benchmark, path = _parse(given)
        row = measured.setdefault(name, TableRow(name, "measured"))
        if benchmark in row.scores:
            raise InputError(f"--scores names {benchmark} of '{name}' twice; give each system a name of its own.")
        score = read_score(path, benchmark)
        row.scores[benchmark] = score.value
        folds = f", {score.folds} folds" if score.folds else ""
        row.notes[benchmark] = f"{score.clips} clips{folds}"
    for given in models or []:
        name, _, path = given.partition("=")
        if name.strip() not in measured or not path:
            raise InputError(f"--model '{given}' must be NAME=MODEL with a NAME that --scores gives.")
        counted = count_model(path)
        row = measured[name.strip()]
        row.parameters, row.macs = counted.parameters, counted.macs
    return [*_published_rows(), *measured.values()]


def count_model(path: str) -> Count:
    """The cost of a head, of a Whisper-AT's default head, or of an AST, for one window of 10 s, by its config.json.

    Raises:
        InputError: another kind of model, or none.
    """
    try:
        config = AutoConfig.from_pretrained(path, trust_remote_code=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"'{path}' has no config.json that can be read ({first_line(error)}).") from error
    if isinstance(config, ASTConfig):
        return ast_cost(config)
    if isinstance(config, WhisperATConfig) and config.default_head is not None:
        config = config.heads[config.default_head]
    if not isinstance(config, TLTRConfig):
        raise InputError(f"'{path}' is a {config.model_type}; name a head, a Whisper-AT with heads, or an AST.")
    return head_cost(config)


def read_score(path: Path, benchmark: str) -> MeasuredScore:
    """The number that stands for `benchmark` in a JSON file of scores. Raises InputError as `benchmark_table`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' cannot be read as JSON ({first_line(error)}); check the path.") from error
    try:
        labels, score = _score(content, METRICS[benchmark])
    except (KeyError, TypeError, AttributeError, ValueError):
        raise InputError(
            f"'{path}' holds no scores of {METRICS[benchmark]}; write it with whisper-at evaluate --output."
        ) from None
    _check_labels(path, benchmark, labels)
    return score


def _score(content: dict[str, Any], metric: str) -> tuple[list[str], MeasuredScore]:
    """The labels and the score in what `evaluate` or a cross-validation wrote."""
    if "cross_validation" in content:
        validation = content["cross_validation"]
        clips = {run["fold"]: run["clips"] for run in validation["folds"]}
        return _checked(content["labels"], content[f"test_{metric}"], sum(clips.values()), len(clips))
    scored = [row["label"] for row in content["label_table"] if row["positives"] or metric == "map"]
    return _checked(scored, content[f"eval_{metric}"], content["clips"])


def _checked(labels: Any, value: Any, clips: Any, *folds: int) -> tuple[list[str], MeasuredScore]:
    """Raises ValueError for what no evaluation writes."""
    known = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    if not known or isinstance(value, str) or not 0 <= value <= 1 or not isinstance(clips, int) or clips < 1:
        raise ValueError
    return labels, MeasuredScore(100 * float(value), clips, *folds)


def _check_labels(path: Path, benchmark: str, labels: list[str]) -> None:
    """That the file was scored on that benchmark, as far as its labels can tell: those of ESC go by many names."""
    count = LABEL_COUNTS[benchmark]
    is_audioset = METRICS[benchmark] == "map"
    if len(labels) != count or (is_audioset and set(labels) != set(audioset_labels())):
        raise InputError(
            f"'{path}' was scored on {len(labels)} labels that are not the {count} of {benchmark}; "
            f"name the benchmark that it belongs to ({', '.join(BENCHMARKS)})."
        )


def _parse(given: str) -> tuple[str, str, Path]:
    """Name, benchmark and file of "NAME:BENCHMARK=FILE"."""
    front, equals, path = given.partition("=")
    name, colon, benchmark = front.rpartition(":")
    if not (equals and colon and name.strip() and path):
        raise InputError(f"--scores '{given}' has another form than NAME:BENCHMARK=FILE, such as mine:esc-10=a.json.")
    if benchmark not in BENCHMARKS:
        raise InputError(f"--scores '{given}': there is no benchmark '{benchmark}'; use {', '.join(BENCHMARKS)}.")
    return name.strip(), benchmark, Path(path)


def _published_rows() -> list[TableRow]:
    """The poster's rows, with the size and cost of the modules that they name, counted."""
    size = next(size for size in SIZES if COMPARED_WHISPER in size.names)
    counted = {AST.name: ast_cost(), WHISPER_AT.name: head_cost(size.head_configs()[COMPARED_HEAD])}
    rows = []
    for result in RESULTS:
        values = {"as-20k": result.as_20k, "as-2m": result.as_2m, "esc-50": result.esc_50}
        cost = counted.get(result.name)
        rows.append(
            TableRow(
                result.name,
                "published",
                {name: value for name, value in values.items() if value is not None},
                result.parameters,
                result.operations,
                cost and cost.parameters,
                cost and cost.macs,
                f"{PAPER}, {result.source}",
            )
        )
    return rows
