"""What all commands share: what they say on standard error, calm libraries, the progress bar."""

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers.utils import logging

from ..captions.markup import clean
from ..errors import InputError

# How often a line says how far long work is, where there is no terminal.
SECONDS_BETWEEN_LINES = 30.0

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
    """How far work on `total` files is: a bar on a terminal, elsewhere a line now and then.

    Gives what to call after each file, or with how many files it is further, and how many of them have an error.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    lines = ProgressLines(total, None if quiet or console.is_terminal else say)
    hidden = quiet or not console.is_terminal
    progress = Progress(*columns, console=console, transient=True)
    with nullcontext() if hidden else progress:  # rich before 14.3 ends one that is disabled by an empty line
        task = progress.add_task("files", total=total)

        def advance(count: int = 1, errors: int = 0) -> None:
            lines.advance(count, errors)
            progress.update(task, advance=count, description=f"files{lines.with_errors}")

        yield advance


class ProgressLines:
    """Says how far work is, at most every `SECONDS_BETWEEN_LINES`.

    Args:
        total: files.
        say: what takes the lines; None for silence.
    """

    def __init__(self, total: int, say: Callable[[str], None] | None):
        self.total, self.say = total, say
        self.done = self.errors = 0
        self.began = self.said = time.monotonic()

    @property
    def with_errors(self) -> str:
        """How many files have an error, where there are some."""
        return f", {self.errors} with errors" if self.errors else ""

    def advance(self, count: int, errors: int) -> None:
        """Count files that are done, and those of them that have an error; below zero where they are not after all."""
        self.done += count
        self.errors += errors
        now = time.monotonic()
        if self.say is not None and 0 < self.done < self.total and now - self.said >= SECONDS_BETWEEN_LINES:
            self.said = now
            left = (now - self.began) / self.done * (self.total - self.done)
            self.say(f"{self.done} of {self.total} files{self.with_errors}, about {_in_words(left)} left")


def _in_words(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
