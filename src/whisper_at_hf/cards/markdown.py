"""Pieces of Markdown: tables, escaped text, the sections of a page."""

import re
from collections.abc import Iterable, Sequence
from typing import Any


def table(rows: Iterable[Sequence[Any]], heads: Sequence[str], escape_first: bool = True) -> str:
    """A table; None shows as "-". `escape_first=False` takes the first column for Markdown already."""
    lines = [_row(map(escaped, heads)), _row("---" for _ in heads)]
    for first, *others in rows:
        lines.append(_row([escaped(first) if escape_first else first, *map(_cell, others)]))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else escaped(value)


def escaped(text: Any) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", " ".join(str(text).split()))


def sections(page: str) -> dict[str, str]:
    """The parts of a page that begin with `## `, by their titles, each with its title line; code does not count."""
    found: dict[str, list[str]] = {}
    title, in_code = None, False
    for line in page.splitlines():
        in_code ^= line.startswith("```")
        if line.startswith("## ") and not in_code:
            title = line.removeprefix("## ").strip()
        if title is not None:
            found.setdefault(title, []).append(line)
    return {title: "\n".join(lines).strip() for title, lines in found.items()}
