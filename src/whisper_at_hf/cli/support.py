"""What all commands share: what they say on standard error, calm libraries, the progress bar."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers.utils import logging

from ..captions.markup import clean
from ..errors import InputError

console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def print_error(error: InputError) -> None:
    """An error as one sentence."""
    console.print(f"[bold red]error:[/bold red] {escape(clean(str(error)))}")


def print_written(path: Path) -> None:
    """Where the results lie."""
    console.print(f"Wrote {clean(str(path))}", markup=False)


def say(line: str) -> None:
    """A line on standard error."""
    print(clean(line), file=sys.stderr)


def announcer(quiet: bool) -> Callable[[str], None] | None:
    """What long work is handed, to say what is going on; None for silence."""
    return None if quiet else say


def calm_transformers(quiet: bool) -> None:
    """No loading bars and notices about deprecations inside transformers; our own warnings as one line each."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if quiet:
        warnings.simplefilter("ignore")
    else:
        warnings.showwarning = lambda message, *_: console.print(
            f"[yellow]warning:[/yellow] {escape(clean(str(message)))}"
        )


@contextmanager
def file_progress(total: int, quiet: bool) -> Iterator[Callable[..., None]]:
    """A bar over `total` files on a terminal; gives what to call after each, or with how many it is further."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("files", total=total)
        yield lambda count=1: progress.advance(task, count)
