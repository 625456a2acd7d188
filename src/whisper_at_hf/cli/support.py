"""What all commands share: the console, errors as one sentence, calm libraries, the progress bar."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..errors import InputError

console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def or_exit(action: Callable):
    """The value of `action()`; an `InputError` is printed as one sentence and ends the program with 2."""
    try:
        return action()
    except InputError as error:
        print_error(error)
        raise typer.Exit(2) from None


def print_error(error: InputError) -> None:
    console.print(f"[bold red]error:[/bold red] {escaped(str(error))}")


def escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def calm_transformers(quiet: bool) -> None:
    """No loading bars and notices about deprecations inside transformers; our own warnings as one line each."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if quiet:
        warnings.simplefilter("ignore")
    else:
        warnings.showwarning = lambda message, *_: console.print(f"[yellow]warning:[/yellow] {escaped(str(message))}")


@contextmanager
def file_progress(console: Console, total: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """A bar over `total` files on a terminal; gives the function to call after each."""
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
        yield lambda: progress.advance(task)
