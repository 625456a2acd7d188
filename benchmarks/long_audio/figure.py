"""Cost against length, as a figure."""

from pathlib import Path

from whisper_at_hf.figures import new_figure, save_for_print, style

from .peers import PEERS


def draw_growth(rows: list[dict], path: Path) -> list[Path]:
    """Seconds against minutes, both axes logarithmic, of `growth_rows`; written as PNG and SVG beside each other.

    Args:
        path: the figures' path, with any suffix.
    """
    from matplotlib.ticker import LogLocator

    figure = new_figure(8, 5)
    axes = figure.subplots()
    several_dtypes = len({row["dtype"] for row in rows if PEERS[row["peer"]].dtypes is None}) > 1
    for index, row in enumerate(rows):
        label = PEERS[row["peer"]].title
        if several_dtypes and PEERS[row["peer"]].dtypes is None:
            label += f", {row['dtype']}"
        axes.plot(row["minutes"], row["seconds"], label=label, **style(index))
    lengths = sorted({minutes for row in rows for minutes in row["minutes"]})
    axes.set(xscale="log", yscale="log", xlabel="length of the file, minutes", ylabel="time, seconds")
    axes.set_xticks(lengths, [f"{length:.0f}" if length >= 10 else f"{length:.1f}" for length in lengths])
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.set_title(f"Whisper {', '.join(sorted({row['model'] for row in rows}))}: time against length")
    axes.legend(loc="upper left", fontsize="small")
    return save_for_print(figure, path)
