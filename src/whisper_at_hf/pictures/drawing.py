"""The still picture: panels above each other, all on one axis of time."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..captions.markup import clean
from ..figures import RESOLUTION, STYLES, new_figure
from . import text_lane
from .clock import clock, ticks
from .contents import Chunk, Contents, Heat
from .sound import MARKED_KILOHERTZ, SAMPLING_RATE, log_mel_columns, peaks
from .wrapping import Measure, cut, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All lengths are inches, but for fonts, which are points.
WIDTH = 1200 / RESOLUTION
FONT_SIZE = 9
TITLE_FONT = {"size": 12, "weight": "bold"}
LINE = 0.165
ROW = 0.21
SOUND_HEIGHT = 1.1
DENSITY_HEIGHT = 0.55
# Around the panels, and above each for its name.
LEFT, RIGHT, TOP, BOTTOM, GAP = 0.25, 0.75, 0.2, 0.4, 0.34
TITLE_HEIGHT = 0.1
# Names of labels get no more; the longest of AudioSet's need 2.5.
LONGEST_NAME = 3.0
BAR_WIDTH = 0.12
# Ticks on the axis of time, and columns of what has more than there are dots.
MOST_TICKS, COLUMNS = 12, 1000
TEXT_COLOR, TEXT_GROUND, SOUND_COLOR, NAME_COLOR = STYLES[0][0], "#e3eef6", "#5b6770", "#444444"
# Both grow lighter evenly, so that colour-blind people, and print in grey, order them alike
# (https://matplotlib.org/stable/users/explain/colors/colormaps.html).
SCORE_COLORS, SOUND_COLORS = "viridis", "magma"


class Panel(NamedTuple):
    """A part of the picture: its name, its height, and what draws it."""

    name: str
    height: float
    draw: Callable[["Axes"], None]


def draw(contents: Contents, title: str, kind: str) -> "Figure":
    """The picture of a result, `WIDTH` wide and as high as it needs.

    Args:
        kind: "log-mel" or "waveform".

    Raises:
        InputError: matplotlib is missing.
    """
    figure = new_figure(WIDTH, 1)
    figure.set_layout_engine("none")
    with _calm():
        measure = _measure(figure, size=FONT_SIZE)
        measure_title = _measure(figure, **TITLE_FONT)
        rows = [*(contents.heat.labels if contents.heat else ()), *contents.event_labels]
        names = {row: cut(clean(row), LONGEST_NAME, measure) for row in rows}
        left = LEFT + max(map(measure, [*names.values(), "8 kHz"]))
        width = WIDTH - left - RIGHT
        panels = list(_panels(contents, kind, width, names, measure))
        _place(figure, panels, left, width, contents.seconds, cut(clean(title), WIDTH - 2 * LEFT, measure_title))
    return figure


@contextmanager
def _calm() -> Iterator[None]:
    with warnings.catch_warnings():
        # The font has no signs for some languages and draws boxes instead.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _measure(figure: "Figure", **font: Any) -> Measure:
    """Widths of texts in inches."""
    from matplotlib.font_manager import FontProperties

    renderer, properties = figure.canvas.get_renderer(), FontProperties(**font)
    return cache(lambda text: renderer.get_text_width_height_descent(text, properties, ismath=False)[0] / figure.dpi)


def _panels(contents: Contents, kind: str, width: float, names: dict[str, str], measure: Measure) -> Iterator[Panel]:
    if (samples := contents.samples) is not None:
        draw_sound = _draw_waveform if kind == "waveform" else _draw_log_mel
        yield Panel("Sound", SOUND_HEIGHT, lambda axes: draw_sound(axes, samples))
    if contents.chunks:
        yield _text_panel(contents, width, measure)
    if heat := contents.heat:
        labels = [names[label] for label in heat.labels]
        yield Panel("Scores", ROW * len(labels), lambda axes: _draw_heat(axes, heat.at_most(COLUMNS), labels))
    if contents.events:
        yield Panel("Events", ROW * len(contents.event_labels), lambda axes: _draw_events(axes, contents, names))


def _place(figure: "Figure", panels: list[Panel], left: float, width: float, seconds: float, title: str) -> None:
    top = TOP + (TITLE_HEIGHT if title else 0)
    height = top + sum(GAP + panel.height for panel in panels) + BOTTOM
    figure.set_size_inches(WIDTH, height)
    if title:
        place = LEFT / WIDTH, 1 - TOP / height
        figure.text(*place, title, **TITLE_FONT, va="top", parse_math=False)
    times = ticks(seconds, MOST_TICKS)
    y = height - top
    for panel in panels:
        y -= GAP + panel.height
        axes = figure.add_axes((left / WIDTH, y / height, width / WIDTH, panel.height / height), label=panel.name)
        axes.set_title(panel.name, loc="left", size=FONT_SIZE, color=NAME_COLOR, pad=4)
        axes.tick_params(labelsize=FONT_SIZE, length=0)
        axes.spines[["top", "right"]].set_visible(False)
        panel.draw(axes)
        axes.set_xlim(0, seconds)
        is_last = panel is panels[-1]
        axes.set_xticks(times, [clock(time) for time in times] if is_last else [""] * len(times))
        axes.tick_params(axis="x", length=3)


def _draw_waveform(axes: "Axes", samples: np.ndarray) -> None:
    heights = peaks(samples, COLUMNS)
    edges = np.linspace(0, len(samples) / SAMPLING_RATE, len(heights) + 1)
    axes.stairs(heights, edges, baseline=-heights, fill=True, color=SOUND_COLOR)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([])


def _draw_log_mel(axes: "Axes", samples: np.ndarray) -> None:
    mel, marked = log_mel_columns(samples, COLUMNS)
    extent = (0, len(samples) / SAMPLING_RATE, 0, len(mel))
    axes.imshow(mel, extent=extent, origin="lower", aspect="auto", cmap=SOUND_COLORS, interpolation="nearest")
    axes.set_yticks([*marked, len(mel)], [f"{kilohertz} kHz" for kilohertz in (*MARKED_KILOHERTZ, 8)])


def _text_panel(contents: Contents, width: float, measure: Measure) -> Panel:
    letters = sum(len(chunk.text) for chunk in contents.chunks)
    room = text_lane.MAX_LINES * width / measure("n")
    if letters * text_lane.LEAST_SHOWN > room:
        columns = text_lane.density(contents.chunks, contents.seconds)
        return Panel("Text, letters a second", DENSITY_HEIGHT, lambda axes: _draw_density(axes, columns, contents))
    boxes = text_lane.boxes(contents.chunks, contents.seconds, width)
    padding = measure("n")
    lines = [
        wrap(clean(box.text), (box.end - box.start) / contents.seconds * width - padding, text_lane.MAX_LINES, measure)
        for box in boxes
    ]
    height = LINE * max(map(len, lines), default=1) + padding
    indent = contents.seconds / width * padding / 2
    return Panel("Text", height, lambda axes: _draw_boxes(axes, boxes, lines, indent, height))


def _draw_boxes(axes: "Axes", boxes: list[Chunk], lines: list[list[str]], indent: float, height: float) -> None:
    """Boxes with their lines; `indent` in seconds, `height` of the lane in inches, which is its vertical unit, too."""
    axes.broken_barh([(box.start, box.end - box.start) for box in boxes], (0, height), facecolor=TEXT_GROUND)
    axes.vlines([box.start for box in boxes], 0, height, color=TEXT_COLOR, linewidth=1.5)
    for box, words in zip(boxes, lines, strict=True):
        for number, line in enumerate(words):
            baseline = height - LINE * (number + 1)
            axes.text(box.start + indent, baseline, line, size=FONT_SIZE, parse_math=False)
    axes.set_ylim(0, height)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _draw_density(axes: "Axes", columns: list[float], contents: Contents) -> None:
    edges = np.linspace(0, contents.seconds, len(columns) + 1)
    axes.stairs(columns, edges, fill=True, color=TEXT_COLOR)
    most = max(columns)
    axes.set_ylim(0, most * 1.05)
    axes.set_yticks([0, most], ["0", f"{most:.0f}"])


def _draw_heat(axes: "Axes", heat: Heat, labels: list[str]) -> None:
    rows = np.arange(len(labels) + 1)
    mesh = axes.pcolormesh(heat.edges, rows, heat.scores, cmap=SCORE_COLORS, vmin=0, vmax=1, rasterized=True)
    # A faint line between rows guides the eye to the labels.
    axes.hlines(rows[1:-1], 0, heat.edges[-1], color="white", linewidth=0.6, alpha=0.5)
    _name_rows(axes, labels)
    figure, box = axes.figure, axes.get_position()
    beside = figure.add_axes((box.x1 + BAR_WIDTH / WIDTH, box.y0, BAR_WIDTH / WIDTH, box.height), label="score")
    figure.colorbar(mesh, cax=beside, ticks=[0, 0.5, 1] if len(labels) > 2 else [0, 1])
    beside.tick_params(labelsize=FONT_SIZE, length=2)


def _draw_events(axes: "Axes", contents: Contents, names: dict[str, str]) -> None:
    for row, label in enumerate(contents.event_labels):
        spans = [(event.start, event.end - event.start) for event in contents.events if event.label == label]
        color = STYLES[row % len(STYLES)][0]
        # The edge keeps events visible that are shorter than a dot.
        axes.broken_barh(spans, (row + 0.2, 0.6), facecolor=color, edgecolor=color, linewidth=0.8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    _name_rows(axes, [names[label] for label in contents.event_labels])


def _name_rows(axes: "Axes", labels: list[str]) -> None:
    axes.set_yticks(np.arange(len(labels)) + 0.5, labels, parse_math=False)
    axes.set_ylim(len(labels), 0)
