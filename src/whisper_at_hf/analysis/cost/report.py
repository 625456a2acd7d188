"""The costs as rows of text, and as files: JSON, Markdown and a figure."""

from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...figures import clean_axes, new_figure, save_for_print, style
from ...files import make_folder, write_atomically, write_json
from ..published import FLOP_SCRIPT, HEAD_MAP, MODEL_TABLE, POSTER
from ..tables import markdown_table
from .run import COMPARED_HEAD, COMPARED_WHISPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GIGA, MEGA = 1e9, 1e6
# In the figure, the second one is compared with AST.
HEADS = ("TLTR", "TLTR-512")


def cost_rows(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """One row for each module in `cost`'s result, with the mean average precision that was published for heads."""
    rows = [("module", "size, M", "GMAC, 10 s", "GMAC, 30 s", "of 30 s", "published mAP")]
    for entry in result["whispers"]:
        names = entry["whisper"]
        encoder = entry["encoder"]
        rows.append((" / ".join(names), *_cost_cells(encoder), "", ""))
        for head, values in entry["heads"].items():
            share = f"{100 * values['share_of_30s_pass']:.2f} %"
            maps = [str(HEAD_MAP[name][head]) for name in names if name in HEAD_MAP]
            rows.append((f"  {head}", *_cost_cells(values), share, " / ".join(maps)))
    ast = result["ast"]
    rows.append(("AST", *_cost_cells({**ast, "macs_10s": ast["macs"]}), "", str(ast["published"]["as_2m"])))
    return rows


def _cost_cells(values: dict[str, Any]) -> list[str]:
    macs = [values.get(name) for name in ("macs_10s", "macs_30s")]
    cells = ["" if number is None else _number(number / GIGA) for number in macs]
    return [_number(values["parameters"] / MEGA, 1), *cells]


def comparison_rows(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """AST against the poster's head by convention of counting, from `cost`."""
    rows = [("thousand millions of operations, 10 s", "AST", f"{COMPARED_HEAD} on {COMPARED_WHISPER}", "times")]
    for row in result["comparison"]:
        rows.append((row["convention"], _number(row["ast"]), _number(row["head"]), f"{row['ratio']:.1f}"))
    return rows


def latency_rows(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """Milliseconds of each module, from `latency`."""
    rows = [("module", "ms, 10 s", "ms, 30 s")]
    for entry in result["whispers"]:
        times = [_number(1000 * entry[f"encoder_{seconds}s"]) for seconds in (10, 30)]
        rows.append((" / ".join(entry["whisper"]), *times))
        rows += [(f"  {head}", _number(1000 * seconds), "") for head, seconds in entry["heads"].items()]
    rows.append(("AST", _number(1000 * result["ast"]), ""))
    return rows


def describe_cost(result: dict[str, Any]) -> str:
    """All tables of `cost`'s result, with `latency`'s under that key if it was measured, as a Markdown page."""
    ast, published = result["ast"], result["ast"]["published"]
    parts = [
        "# What tagging costs\n",
        "Counted in the real modules, encoders and under each its heads for AudioSet's 527 labels: M are millions of "
        "parameters, GMAC thousand millions of multiply-accumulates of all matrix products and convolutions. Heads "
        "decide on windows of 10 s (25 pooled steps), three of them in a 30 s pass of the encoder, of which their "
        "share is given. The last column is not measured here but published: mean average precision on AudioSet's "
        f"evaluation set after training on AS-2M, in percent, of [heads]({MODEL_TABLE}) and of AST "
        f"([poster]({POSTER})).\n",
        markdown_table(cost_rows(result)),
        "\n## Against AST\n",
        f"Published for AST: {published['operations']} thousand millions for 10 s, {published['parameters']} M "
        f"parameters ([poster]({POSTER})). Counted: {ast['macs'] / GIGA:.1f} GMAC, that is "
        f"{2 * ast['macs'] / GIGA:.0f} GFLOP with two operations for each multiply-accumulate, and "
        f"{ast['parameters'] / MEGA:.1f} M parameters. The published numbers are of multiply-accumulates too: the "
        f"authors count with fvcore ([script]({FLOP_SCRIPT})), to which one is one operation. Attention's products "
        f"are {100 * ast['attention_macs'] / ast['macs']:.0f} % of AST; a counter that does not know a processor's "
        f"fused attention leaves them out and gives {2 * (ast['macs'] - ast['attention_macs']) / GIGA:.0f} GFLOP.\n",
        markdown_table(comparison_rows(result)),
    ]
    if "latency" in result:
        times = result["latency"]
        machine = ", ".join(f"{name}: {_listed(value)}" for name, value in times["machine"].items())
        parts += [
            "\n## Time\n",
            f"Milliseconds for one window, median of {times['repeats']}, random weights, float32. {machine}.\n",
            markdown_table(latency_rows(times)),
        ]
    return "\n".join(parts)


def make_output(output: Path, figure: bool) -> None:
    """Make the folder of `write_cost`, before anything is counted or measured.

    Raises:
        InputError: it cannot be made, or there is no matplotlib for the figure.
    """
    if figure and find_spec("matplotlib") is None:
        raise InputError('The figure needs matplotlib; run pip install "whisper-at-hf[analysis]", or add --no-figure.')
    make_folder(output)


def write_cost(result: dict[str, Any], output: Path, figure: bool) -> None:
    """Write `cost`'s result, with `latency`'s under that key if it was measured, into a folder from `make_output`.

    Args:
        result: goes into cost.json and cost.md.
        output: the folder.
        figure: whether it gets cost.png and cost.svg, too.

    Raises:
        InputError: as `draw_cost`.
    """
    write_json(output / "cost.json", result)
    write_atomically(output / "cost.md", describe_cost(result))
    if figure:
        draw_cost(result, output / "cost")


def draw_cost(result: dict[str, Any], path: str | PathLike) -> list[Path]:
    """Multiply-accumulates of heads, encoders and AST by size of Whisper, on a logarithmic axis.

    Args:
        result: from `cost`.
        path: of the .png and the .svg.

    Raises:
        InputError: matplotlib is missing, or the files cannot be written.
    """
    entries, ast = result["whispers"], result["ast"]["macs"]
    figure = new_figure(6.8, 4.4)
    axes = figure.subplots()
    axes.axhline(ast / GIGA, color="black", linestyle=":", label="AST, 10 s")
    curves = {
        "encoder, 30 s": [entry["encoder"]["macs_30s"] for entry in entries],
        "encoder, 10 s": [entry["encoder"]["macs_10s"] for entry in entries],
    }
    for name in HEADS:
        curves[f"{name} head, 10 s"] = [entry["heads"].get(name, {}).get("macs_10s") for entry in entries]
    for number, (name, macs) in enumerate(curves.items()):
        points = [(place, value) for place, value in enumerate(macs) if value is not None]
        if points:
            places, values = zip(*points, strict=True)
            axes.plot(places, [value / GIGA for value in values], label=name, **style(number))
            _name_value(axes, places[-1], values[-1])
    _name_value(axes, 0, ast, side=-1)
    _draw_ratio(axes, curves[f"{HEADS[-1]} head, 10 s"], ast)
    axes.set_yscale("log")
    axes.set_ylabel("multiply-accumulates for one window, 10⁹")
    axes.set_xticks(range(len(entries)), ["\n".join(entry["whisper"]) for entry in entries])
    axes.set_xlabel("Whisper")
    axes.margins(x=0.12)
    clean_axes(axes)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return save_for_print(figure, path)


def _name_value(axes: "Axes", place: int, macs: float, side: int = 1) -> None:
    """Write a point's value beside it, to the right or, for -1, above it."""
    offset, align = ((8, 0), ("left", "center")) if side > 0 else ((0, 4), ("center", "bottom"))
    axes.annotate(
        _number(macs / GIGA),
        (place, macs / GIGA),
        offset,
        textcoords="offset points",
        ha=align[0],
        va=align[1],
        fontsize="small",
    )


def _draw_ratio(axes: "Axes", macs: list[int | None], ast: int) -> None:
    """An arrow from the last of the heads that has one to AST, with how many times as much that takes."""
    places = [place for place, value in enumerate(macs) if value is not None]
    if not places:
        return
    place, head = places[-1], macs[places[-1]]
    arrow = {"arrowstyle": "<->", "color": "0.35", "shrinkA": 0, "shrinkB": 5}
    axes.annotate("", (place - 0.3, head / GIGA), (place - 0.3, ast / GIGA), arrowprops=arrow)
    middle = (head * ast) ** 0.5 / GIGA * 0.55
    axes.text(place - 0.35, middle, f"{ast / head:.0f}×", ha="right", va="center", color="0.35")


def _number(value: float, decimals: int | None = None) -> str:
    """`value` with that many decimals; None for three digits, so that 0.186 and 1136 stand in one column."""
    if decimals is None:
        decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{decimals}f}"


def _listed(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
