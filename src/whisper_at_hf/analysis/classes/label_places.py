"""Names beside the points of a scatter, none over another, over a point, or outside."""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Where a name may lie, as (horizontal, vertical) steps from its point: beside it first, then above and below.
_SIDES = ((1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1))
# Points from a marker's middle to its name; those beyond the first get a line to the name.
_DISTANCES = (7, 16, 28, 42, 58)
_MARKER = 4.0
# What it costs, in square pixels of overlap, that a name is nearer to another point than to its own.
_MISLEADING = 30.0


def place_labels(
    axes: "Axes", points: np.ndarray, labels: Sequence[str], avoid: np.ndarray | None = None, fontsize: float = 8
) -> list[np.ndarray]:
    """Write each label near its point, the most crowded first; where there is no free place, on the least bad one.

    Args:
        axes: with its limits set and everything else drawn.
        points: `(labels, 2)` in the axes' data coordinates.
        labels: the names.
        avoid: `(others, 2)`, more places to keep free, such as those along a line.
        fontsize: points.

    Returns:
        For each label the box that it fills, `(left, bottom, right, top)` in pixels.
    """
    figure = axes.figure
    figure.canvas.draw()
    renderer, pixel = figure.canvas.get_renderer(), figure.dpi / 72
    middles = axes.transData.transform(points)
    markers = np.hstack([middles - _MARKER * pixel, middles + _MARKER * pixel])
    others = axes.transData.transform(np.empty((0, 2)) if avoid is None else avoid)
    kept_free = np.hstack([others - pixel, others + pixel])
    frame = axes.get_window_extent(renderer)
    crowding = np.linalg.norm(middles[:, None] - middles, axis=-1)
    np.fill_diagonal(crowding, np.inf)
    taken: list[np.ndarray] = []
    boxes: list[np.ndarray] = [np.zeros(4)] * len(labels)
    for index in np.argsort(crowding.min(axis=1)):
        text = axes.annotate(
            labels[index], points[index], (0, 0), textcoords="offset points", fontsize=fontsize, parse_math=False
        )
        size = text.get_window_extent(renderer)
        candidates = [
            (middles[index], distance * pixel * np.array(side), np.array([size.width, size.height]), side, distance)
            for distance, side in product(_DISTANCES, _SIDES)
        ]
        obstacles = np.vstack([np.delete(markers, index, axis=0), kept_free, *taken])
        costs = [
            _overlap(box, obstacles, frame.extents) + _MISLEADING * _is_nearer_to_another(box, index, middles)
            for box in (_box(*place[:4]) for place in candidates)
        ]
        best = candidates[int(np.argmin(costs))]
        boxes[index] = _box(*best[:4])
        taken.append(boxes[index])
        _write(text, best, pixel)
    return boxes


def _box(middle: np.ndarray, shift: np.ndarray, size: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    """`(left, bottom, right, top)` of a text that touches `middle + shift` with the edge that faces the point."""
    low = middle + shift - size * (1 - np.array(side)) / 2
    return np.concatenate([low, low + size])


def _overlap(box: np.ndarray, obstacles: np.ndarray, frame: np.ndarray) -> float:
    """Area of the box that is over obstacles `(obstacles, 4)` or outside of the frame."""
    shared = np.minimum(box[2:], obstacles[:, 2:]) - np.maximum(box[:2], obstacles[:, :2])
    inside = np.minimum(box[2:], frame[2:]) - np.maximum(box[:2], frame[:2])
    outside = np.prod(box[2:] - box[:2]) - np.prod(np.maximum(inside, 0))
    return float(np.prod(np.maximum(shared, 0), axis=1).sum() + outside)


def _is_nearer_to_another(box: np.ndarray, index: int, middles: np.ndarray) -> bool:
    gaps = np.linalg.norm(middles - np.clip(middles, box[:2], box[2:]), axis=1)
    return bool(np.delete(gaps, index).min(initial=np.inf) <= gaps[index])


def _write(text, place, pixel: float) -> None:
    _, shift, _, side, distance = place
    text.set_position(shift / pixel)
    text.set_horizontalalignment(("right", "center", "left")[side[0] + 1])
    text.set_verticalalignment(("top", "center", "bottom")[side[1] + 1])
    if distance > _DISTANCES[0]:
        axes = text.axes
        axes.annotate(
            "",
            text.xy,
            shift / pixel,
            textcoords="offset points",
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4},
        )
