"""Tables on standard output; of each, the first row is the header."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..captions.markup import clean

Rows = Sequence[Sequence[str]]


def print_table(rows: Rows) -> None:
    """A table in a frame."""
    _print(Table(*rows[0]), rows)


def print_number_table(rows: Rows, title: str | None = None) -> None:
    """A table without a frame, its numbers to the right of the names in the first column."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if number else "left", min_width=0 if number else 10, overflow="fold")
    _print(table, rows)


def _print(table: Table, rows: Rows) -> None:
    for row in rows[1:]:
        table.add_row(*(escape(clean(cell)) for cell in row))
    Console().print(table)
