"""What `whisper-at train` and `whisper-at evaluate` print."""

from typing import Any

from rich.console import Console

from ..captions.markup import clean
from ..training.arguments import DataArguments, HeadArguments, TLTRTrainingArguments
from ..training.cross_validation import summary_rows
from ..training.run import run_training
from .support import announcer
from .tables import print_table

_SHOWN = ("accuracy", "map", "auc", "d_prime", "f1", "labels_without_positives")
# A table of 80 columns has to hold them.
_SHORT = {"positives": "clips", "average_precision": "AP", "precision": "prec.", "recall": "rec.", "threshold": "from"}


def run_and_print(data: DataArguments, head: HeadArguments, args: TLTRTrainingArguments) -> None:
    """Train, then print the scores and where everything lies.

    Raises:
        InputError: as `run_training`.
    """
    results = run_training(data, head, args, announcer(args.disable_tqdm))
    if args.process_index:
        return
    console = Console()
    for note in results.get("notes", []):
        console.print(f"note: {clean(note)}", markup=False)
    if "cross_validation" in results:
        print_table(summary_rows(results))
    else:
        print_scores(results)
    console.print(f"Wrote {clean(args.output_dir)}", markup=False)


def print_scores(results: dict[str, Any], scored: str = "validation") -> None:
    """One column for each scored part of the data, one line for each metric; `scored` is what `eval_` stands for."""
    prefixes = [prefix for prefix in ("eval", "test") if f"{prefix}_accuracy" in results]
    names = {"eval": scored, "test": "test"}
    rows = [("", *(names[prefix] for prefix in prefixes))]
    for metric in _SHOWN:
        values = [results.get(f"{prefix}_{metric}") for prefix in prefixes]
        if any(value is not None for value in values):
            rows.append((metric, *("" if value is None else f"{value:.4g}" for value in values)))
    if prefixes:
        print_table(rows)


def print_label_table(table: list[dict[str, Any]]) -> None:
    """The scores of each label."""
    header = tuple(table[0])
    rows = [tuple(_cell(value) for value in row.values()) for row in table]
    print_table([tuple(_SHORT.get(name, name) for name in header), *rows])


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
