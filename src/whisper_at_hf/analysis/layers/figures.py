"""Figures of the layers' probes: accuracy against layer, and the best layer of each class. Needs matplotlib."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...figures import clean_axes, new_figure, save_for_print, short_label, style
from .probes import ALL_LAYERS, MEAN_OF_LAYERS, layer_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# With a deepest model of more than so many times the layers of the shallowest, layers are shown by relative depth.
NUMBERS_UP_TO = 2.0
LEGEND_COLUMNS = 2
# Above these, numbers in the cells of the map of classes would make it larger than a page, and cells are small.
NUMBERED_CLASSES, NUMBERED_LAYERS = 20, 12
COMBINATIONS = (MEAN_OF_LAYERS, ALL_LAYERS)
MARK = "#D55E00"


def plot_accuracies(results: dict[str, Any], path: str | PathLike) -> list[Path]:
    """Accuracy of the probes against layer, all models in one axes; right of the layers, the probes of all of them.

    Args:
        results: of `analyze_layers`.
        path: of the figure; .png and .svg are written.

    Raises:
        InputError: matplotlib is missing, or `path` cannot be written.
    """
    return save_for_print(draw_accuracies(results), path)


def draw_accuracies(results: dict[str, Any]) -> "Figure":
    """The figure of `plot_accuracies`: line for the mean over the folds, band for one standard deviation about it."""
    models = results["models"]
    depths = [model["layers"] for model in models]
    relative = max(depths) > NUMBERS_UP_TO * min(depths)
    end = 1.0 if relative else float(max(depths))
    places = {name: end * (1 + 0.14 * number) for number, name in enumerate(COMBINATIONS, start=1)}
    figure = new_figure(6.4, 4.2 + 0.2 * -(-len(models) // LEGEND_COLUMNS))
    axes = figure.subplots()
    for number, model in enumerate(models):
        _draw_model(axes, model, number, len(models), relative, places)
    axes.axvline(end * 1.07, color="0.6", linewidth=0.8, linestyle=":")
    _name_layers(axes, relative, end, places)
    data = results["data"]
    axes.set_ylabel("accuracy of a linear probe (%)")
    axes.set_title(
        f"{data['name']}: {data['clips']} clips, {len(data['labels'])} classes; mean ± standard deviation over "
        f"{len(data['folds'])} folds",
        fontsize=9,
        parse_math=False,
    )
    clean_axes(axes)
    legend = figure.legend(
        loc="outside lower center", ncols=min(LEGEND_COLUMNS, len(models)), frameon=False, fontsize=9
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _draw_model(
    axes: "Axes", model: dict[str, Any], number: int, models: int, relative: bool, places: dict[str, float]
) -> None:
    depth = model["layers"]
    layers = np.arange(1, depth + 1) / (depth if relative else 1)
    probes = [model["probes"][layer_name(layer + 1)] for layer in range(depth)]
    mean, std = (100 * np.array([probe[key] for probe in probes]) for key in ("mean", "std"))
    look = style(number)
    axes.plot(layers, mean, label=f"{model['name']} ({depth} layers)", markersize=5 if depth <= 16 else 3.5, **look)
    axes.fill_between(layers, mean - std, np.minimum(mean + std, 100), color=look["color"], alpha=0.12, linewidth=0)
    # Beside each other where they would lie on each other.
    gap = min(0.03, 0.1 / max(1, models - 1)) * min(places.values()) / 1.14
    shift = gap * (number - (models - 1) / 2)
    for name, place in places.items():
        probe = model["probes"][name]
        axes.errorbar(
            place + shift,
            100 * probe["mean"],
            yerr=100 * probe["std"],
            color=look["color"],
            marker=look["marker"],
            markerfacecolor="white",
            markersize=5,
            elinewidth=0.9,
            capsize=2,
        )


def _name_layers(axes: "Axes", relative: bool, end: float, places: dict[str, float]) -> None:
    step = 0.25 if relative else max(1, round(end / 8))
    ticks = np.arange(step if relative else 1, end + 1e-9, step)
    names = [f"{tick:.2f}" if relative else f"{tick:.0f}" for tick in ticks]
    axes.set_xticks([*ticks, *places.values()], [*names, "mean of\nlayers", "all\nlayers"])
    for label in axes.get_xticklabels()[len(ticks) :]:
        label.set_fontsize(8)
    axes.set_xlabel("layer / number of layers" if relative else "layer (encoder block, from the input)", x=0.4)
    axes.set_xlim((0 if relative else 1) - 0.04 * end, end * 1.36)


def plot_best_layers(results: dict[str, Any], path: str | PathLike) -> list[Path]:
    """F1 of every class in every layer, a panel for each model, the best layer of each class marked.

    Args:
        results: of `analyze_layers`.
        path: of the figure; .png and .svg are written.

    Raises:
        InputError: matplotlib is missing, or `path` cannot be written.
    """
    return save_for_print(draw_best_layers(results), path)


def draw_best_layers(results: dict[str, Any]) -> "Figure":
    """The figure of `plot_best_layers`; classes that all layers of all models know best come first."""
    models = results["models"]
    maps = [np.array([row["f1_by_layer"] for row in model["classes"]]) for model in models]  # (classes, layers)
    order = np.argsort(-np.mean([scores.mean(axis=1) for scores in maps], axis=0), kind="stable")
    names = [short_label(results["data"]["labels"][index]) for index in order]
    numbered = len(names) <= NUMBERED_CLASSES and max(model["layers"] for model in models) <= NUMBERED_LAYERS
    width, height = (0.46, 0.3) if numbered else (0.13, 0.19)  # of a cell, inches
    widths = [max(1.6, width * scores.shape[1]) for scores in maps]
    figure = new_figure(sum(widths) + 3.2, 1.5 + height * len(names))
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False, width_ratios=widths)[0]
    lowest = min(scores.min() for scores in maps)
    image = None
    for axes, model, scores in zip(panels, models, maps, strict=True):
        best = [model["classes"][index]["best_layer"] for index in order]
        image = axes.imshow(scores[order], cmap="Blues", vmin=np.floor(10 * lowest) / 10, vmax=1, aspect="auto")
        _mark_best(axes, scores[order], best, image.norm if numbered else None)
        axes.set_title(model["name"], fontsize=10, parse_math=False)
        axes.set_xlabel("layer")
        step = 1 if numbered or scores.shape[1] <= 8 else 4
        ticks = range(step - 1, scores.shape[1], step)
        axes.set_xticks(ticks, [tick + 1 for tick in ticks])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    panels[0].yaxis.set_ticks(range(len(names)), names, parse_math=False, fontsize=9)
    figure.colorbar(image, ax=panels, label="F1, class against the rest (framed: best layer)", shrink=0.9, pad=0.02)
    return figure


def _mark_best(axes: "Axes", scores: np.ndarray, best: Sequence[int], norm: Callable[[float], float] | None) -> None:
    """Frame the best layer of each row of `scores` `(classes, layers)`; with a norm of colours, write the numbers."""
    from matplotlib.patches import Rectangle

    line = {"edgecolor": MARK, "linewidth": 1.3 if norm is None else 1.8, "fill": False}
    for row, layer in enumerate(best):
        axes.add_patch(Rectangle((layer - 1.5 + 0.04, row - 0.5 + 0.05), 0.92, 0.9, **line))
    if norm is not None:
        for row, column in np.ndindex(*scores.shape):
            color = "white" if norm(scores[row, column]) > 0.65 else "black"
            text = f"{scores[row, column]:.2f}"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
