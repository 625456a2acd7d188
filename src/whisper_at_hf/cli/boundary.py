"""The one place where an `InputError` becomes a sentence for people and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperGroup

from ..errors import InputError
from .support import print_error

BAD_INPUT = 2


@contextmanager
def error_boundary() -> Iterator[None]:
    """An `InputError` that leaves the block is printed as one sentence and ends the program with 2.

    Raises:
        SystemExit: instead of that error; all others pass as they are.
    """
    try:
        yield
    except InputError as error:
        print_error(error)
        raise SystemExit(BAD_INPUT) from None


class CommandGroup(TyperGroup):
    """The commands of a program, which are inside the boundary however they are run."""

    def invoke(self, ctx: Any) -> Any:
        with error_boundary():
            return super().invoke(ctx)
