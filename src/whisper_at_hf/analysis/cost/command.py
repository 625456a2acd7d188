"""What `whisper-at analyze cost` does: count, measure, print, write."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from ...errors import InputError
from ...files import write_atomically, write_json
from ..tables import print_text_table
from .latency import latency
from .report import comparison_rows, cost_rows, describe_cost, draw_cost, latency_rows
from .run import cost


def run_cost(
    sizes: list[str] | None,
    timed: bool,
    timed_sizes: list[str] | None,
    repeats: int,
    output: Path | None,
    figure: bool,
    announce: Callable[[str], None] | None = None,
) -> Path | None:
    """Count, and print the tables; `output` gets cost.json, cost.md and, if asked for, cost.png and cost.svg.

    Args:
        sizes: Whispers to count; None for all.
        timed: whether to measure times, and
        timed_sizes: of which Whispers; None for all.
        repeats: timed passes.
        output: a folder, or None to print only.
        figure: whether `output` gets a figure.
        announce: told what is measured.

    Returns:
        `output`.

    Raises:
        InputError: an unknown size, a folder that cannot be written, or no matplotlib for the figure.
    """
    if output is not None and figure and find_spec("matplotlib") is None:
        raise InputError('The figure needs matplotlib; run pip install "whisper-at-hf[analysis]", or add --no-figure.')
    if output is not None:
        _make_folder(output)
    result = cost(sizes)
    if timed:
        result["latency"] = latency(timed_sizes, repeats, announce)
    _print(result)
    if output is None:
        return None
    write_json(output / "cost.json", result)
    write_atomically(output / "cost.md", describe_cost(result))
    if figure:
        draw_cost(result, output / "cost")
    return output


def _print(result: dict) -> None:
    console = Console()
    print_text_table(console, cost_rows(result), "What tagging costs")
    print_text_table(console, comparison_rows(result), "AST against the poster's head")
    if "latency" in result:
        print_text_table(console, latency_rows(result["latency"]), "Time of one window on this processor")


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"'{path}' cannot be made ({error.strerror}); name another --output.") from error
