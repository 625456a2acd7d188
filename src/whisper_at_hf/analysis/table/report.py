"""The table of published and measured scores as rows of text, Markdown and JSON."""

from dataclasses import asdict
from pathlib import Path

from ...files import make_folder, write_atomically, write_json
from ..published import PAPER, POSTER
from ..tables import markdown_table
from .rows import BENCHMARKS, TableRow

EXPLANATION = (
    "Rows marked *published* hold others' numbers ([paper]({paper}), [poster]({poster})); none of them was measured "
    "here. Rows marked *measured* are scores of `whisper-at evaluate`, a cross-validation or `whisper-at analyze "
    "peer`, with the number of clips in brackets. Blank: not published, or not measured. mAP is on AudioSet's "
    "evaluation set after training on AS-20K or AS-2M; all are in percent. ESC-10 is an easier part of ESC-50: its "
    "numbers compare with no others. Size (millions of parameters) and GMAC (thousand millions of "
    "multiply-accumulates for 10 s) are counted in the real modules, of heads without the encoder, "
    "which text needs anyway."
)


def table_rows(table: list[TableRow]) -> list[tuple[str, ...]]:
    """Text by row, the header first."""
    rows = [("system", "scores", "size, M", "GMAC", *BENCHMARKS.values())]
    for row in table:
        size = "" if row.parameters is None else f"{row.parameters / 1e6:.1f}"
        macs = "" if row.macs is None else f"{row.macs / 1e9:.3g}"
        rows.append((row.name, row.origin, size, macs, *(_cell(row, name) for name in BENCHMARKS)))
    return rows


def write_table(table: list[TableRow], output: Path) -> None:
    """The table as table.json and table.md in the folder `output`. Raises InputError where it cannot be written."""
    make_folder(output)
    write_json(output / "table.json", {"rows": [asdict(row) for row in table]})
    explanation = EXPLANATION.format(paper=PAPER, poster=POSTER)
    page = f"# Published and measured\n\n{explanation}\n\n{markdown_table(table_rows(table))}"
    write_atomically(output / "table.md", page)


def _cell(row: TableRow, benchmark: str) -> str:
    if benchmark not in row.scores:
        return ""
    note = row.notes.get(benchmark)
    return f"{row.scores[benchmark]:.1f}" + (f" ({note})" if note else "")
