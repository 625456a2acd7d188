"""What all commands of `whisper-at` share: the console, errors as one sentence, and calm libraries."""

import warnings
from collections.abc import Callable

import typer
from rich.console import Console

from .errors import InputError

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
