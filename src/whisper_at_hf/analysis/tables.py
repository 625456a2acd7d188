"""Tables as rows of text in Markdown, and what models are called in them."""

from collections.abc import Sequence
from itertools import count
from os import PathLike
from pathlib import Path

Rows = Sequence[Sequence[str]]


def markdown_table(rows: Rows) -> str:
    """The rows as a Markdown table, the first of which is the header."""
    lines = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" + "---:|" * (len(rows[0]) - 1))
    return "\n".join(lines) + "\n"


def _escaped(cell: str) -> str:
    """A cell in Markdown, where spaces at the front would be lost."""
    cell = " ".join(cell.splitlines())
    indent = len(cell) - len(cell.lstrip(" "))
    return "&nbsp;" * indent + cell[indent:].replace("|", "\\|")


def model_name(model: str | PathLike) -> str:
    """The last part of a folder or hub id."""
    return Path(model).resolve().name if Path(model).exists() else Path(model).name


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, with a number behind it where another model has the same."""
    return name if name not in taken else next(other for n in count(2) if (other := f"{name} ({n})") not in taken)
