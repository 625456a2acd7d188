"""What all figures share: canvas, colours, and files that are there whole or not at all. Needs matplotlib."""

import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError
from .files import whole_or_nothing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The colours of Okabe and Ito, told apart by colour-blind people too (https://jfly.uni-koeln.de/color/), without
# their yellow, which is faint on white; and a marker each, for print without colour.
STYLES = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#000000", "v"),
    ("#56B4E9", "P"),
    ("#E69F00", "X"),
)
# Dots per inch of pictures.
RESOLUTION = 110
MAX_LABEL_LENGTH = 30


def style(index: int) -> dict[str, str]:
    """Colour, marker and line of the curve with this number; further rounds through the colours are dashed."""
    color, marker = STYLES[index % len(STYLES)]
    return {"color": color, "marker": marker, "linestyle": "-" if index < len(STYLES) else "--"}


def new_figure(width: float, height: float) -> "Figure":
    """A figure of that size in inches, apart from pyplot's, which may belong to the user's own program.

    Raises:
        InputError: matplotlib is missing.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError('Plots need matplotlib; run pip install "whisper-at-hf[plot]".') from None
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def short_label(label: str) -> str:
    """The label, cut after `MAX_LABEL_LENGTH` characters."""
    return label if len(label) <= MAX_LABEL_LENGTH else label[: MAX_LABEL_LENGTH - 1] + "…"


def save_figure(figure: "Figure", path: str | PathLike, dpi: int = RESOLUTION) -> Path:
    """Write a figure as its path's suffix says (.png, .svg, .pdf), under a temporary name first.

    Raises:
        InputError: `path` cannot be written.
    """
    path = Path(path)
    try:
        with whole_or_nothing(path) as draft, warnings.catch_warnings():
            # The font has no signs for some languages' labels and draws boxes instead.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(draft, format=path.suffix[1:] or "png", dpi=dpi, metadata=_metadata(path.suffix))
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({error.strerror}); name another folder.") from error
    return path


def save_for_print(figure: "Figure", path: str | PathLike) -> list[Path]:
    """Write a figure as a picture for screens (.png) and as drawing for print (.svg), beside each other.

    Args:
        path: the files' path; a suffix .png or .svg is replaced by each of the two.

    Raises:
        InputError: they cannot be written.
    """
    path = Path(path)
    stem = path.name.removesuffix(".png").removesuffix(".svg")
    return [save_figure(figure, path.with_name(stem + suffix), dpi=150) for suffix in (".png", ".svg")]


def clean_axes(axes: "Axes") -> None:
    """A faint grid, and no frame where nothing is read off."""
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _metadata(suffix: str) -> dict[str, None] | None:
    # Without the date, the same figure is the same file.
    return {"Date": None} if suffix == ".svg" else {"CreationDate": None} if suffix == ".pdf" else None
