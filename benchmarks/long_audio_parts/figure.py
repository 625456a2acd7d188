"""Cost against length, as a figure."""

from pathlib import Path

from .peers import PEERS

# The colours of Okabe and Ito, told apart by colour-blind people too (https://jfly.uni-koeln.de/color/), without
# their yellow, which is faint on white; and a marker each, for print without colour.
STYLES = [
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#000000", "v"),
    ("#56B4E9", "P"),
    ("#E69F00", "X"),
]


def draw_growth(rows: list[dict], path: Path) -> list[Path]:
    """Seconds against minutes, both axes logarithmic, of `growth_rows`; written as PNG and SVG beside each other.

    Args:
        path: the figures' path, with any suffix.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    several_dtypes = len({row["dtype"] for row in rows if PEERS[row["peer"]].dtypes is None}) > 1
    for index, row in enumerate(rows):
        colour, marker = STYLES[index % len(STYLES)]
        # Further rounds through the colours are dashed.
        line = "-" if index < len(STYLES) else "--"
        label = PEERS[row["peer"]].title
        if several_dtypes and PEERS[row["peer"]].dtypes is None:
            label += f", {row['dtype']}"
        axes.plot(row["minutes"], row["seconds"], line, color=colour, marker=marker, label=label)
    lengths = sorted({minutes for row in rows for minutes in row["minutes"]})
    axes.set(xscale="log", yscale="log", xlabel="length of the file, minutes", ylabel="time, seconds")
    axes.set_xticks(lengths, [f"{length:.0f}" if length >= 10 else f"{length:.1f}" for length in lengths])
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.set_title(f"Whisper {', '.join(sorted({row['model'] for row in rows}))}: time against length")
    axes.legend(loc="upper left", fontsize="small")
    paths = [path.with_suffix(suffix) for suffix in (".png", ".svg")]
    for file in paths:
        figure.savefig(file, dpi=150)
    pyplot.close(figure)
    return paths
