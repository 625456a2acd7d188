"""F1 of recognising each class of sounds against the word errors it causes, as a table and as a figure."""

from math import sqrt
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...figures import clean_axes, new_figure, save_for_print, style
from ..robustness.report import signed
from ..tables import markdown_table
from .label_places import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def class_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """A header, and a row for each class and model: F1 and increase in percent, with the increase's band."""
    rows = [("class", "model", "layer", "F1, %", "WER increase, points", "95 % band")]
    for model in results["models"]:
        for row in sorted(model["classes"], key=lambda row: row["increase"]):
            low, high = 100 * row["low"], 100 * row["high"]
            cells = (f"{100 * row['f1']:.1f}", f"{100 * row['increase']:.1f}", f"{low:.1f} to {high:.1f}")
            rows.append((shown(row["label"]), model["name"], str(model["layer"]), *cells))
    return rows


def class_table(results: dict[str, Any], figure: str) -> str:
    """The figure with its caption, and `class_rows`, in Markdown; `figure` is its file's name without suffix."""
    return "\n".join(
        [
            "# Is speech recognition robust against the sounds that its encoder knows?",
            "",
            f"![F1 of each class of sounds against the word errors it causes]({figure}.png)",
            "",
            class_caption(results),
            "",
            markdown_table(class_rows(results)),
        ]
    )


def class_caption(results: dict[str, Any]) -> str:
    """What the figure shows, and what it cannot show."""
    models, snrs = results["models"], results["snrs"]
    classes = models[0]["correlation"]["n"]
    ratios = ", ".join(signed(snr, "g") for snr in snrs)
    layers = " and ".join(f"layer {model['layer']} of {model['name']}" for model in models)
    worst = min(row["f1"] for model in models for row in model["classes"])
    best = max(row["f1"] for model in models for row in model["classes"])
    fewest, chance = results["clips_per_class"], _weakest(classes)
    shows = (
        f"What it shows: a point for each of {classes} classes of sounds. Across: F1 of recognising it from the "
        f"encoder's states without speech (linear probe on {layers}, tested out of fold). Up: how much it adds to "
        f"the word error rate of the same model, mean of {ratios} dB less clean speech, in points; bars are 95 % "
        f"bootstrap bands over {results['utterances']} utterances. Line: least squares through all classes; r: "
        f"Pearson's, ρ: Spearman's. {_in_words(models)}"
    )
    does_not = (
        f"What it cannot show: with {classes} classes a correlation weaker than about {chance:.2f} cannot be told "
        f"from none (two-sided, 5 %). All F1 lie between {100 * worst:.0f} and {100 * best:.0f} %, and with {fewest} "
        f"clips a class one clip more or less moves its recall by {100 / fewest:.1f} points: the order across is "
        f"partly chance. The order upwards rests on {results['utterances']} utterances. And a correlation would not "
        "say why: how steady a sound is decides how many words it covers, whether or not the encoder knows it."
    )
    return f"{shows}\n\n{does_not}"


def draw_classes(results: dict[str, Any], path: str | PathLike) -> list[Path]:
    """A labelled scatter for each model, side by side with the same axes; PNG and SVG.

    Raises:
        InputError: the files cannot be written.
    """
    models = results["models"]
    figure = new_figure(max(5.2, 4.6 * len(models)), 4.6)
    panels = figure.subplots(1, len(models), squeeze=False, sharex=True, sharey=True)[0]
    rows = [row for model in models for row in model["classes"]]
    _set_limits(panels[0], rows)
    for index, (axes, model) in enumerate(zip(panels, models, strict=True)):
        _draw_model(axes, model, index)
        axes.set_xlabel(f"F1 of recognising the sound, %\n(linear probe, layer {model['layer']})")
    panels[0].set_ylabel("increase of the word error rate, points")
    # Last, when nothing moves any more.
    for axes, model in zip(panels, models, strict=True):
        points = np.array([[100 * row["f1"], 100 * row["increase"]] for row in model["classes"]])
        place_labels(axes, points, [shown(row["label"]) for row in model["classes"]], _line(model))
    return save_for_print(figure, path)


def shown(label: str) -> str:
    """A class's name for readers."""
    return label.replace("_", " ")


def _draw_model(axes: "Axes", model: dict[str, Any], index: int) -> None:
    look = style(index)
    f1 = np.array([100 * row["f1"] for row in model["classes"]])
    increase, low, high = (
        np.array([100 * row[name] for row in model["classes"]]) for name in ("increase", "low", "high")
    )
    axes.errorbar(f1, increase, [increase - low, high - increase], fmt="none", ecolor="0.75", elinewidth=0.8, zorder=1)
    axes.scatter(f1, increase, color=look["color"], marker=look["marker"], s=28, zorder=3)
    fit = model["correlation"]
    if fit["slope"] is not None:
        ends = np.array([f1.min(), f1.max()])
        axes.plot(ends, fit["slope"] * ends + 100 * fit["intercept"], "--", color=look["color"], zorder=2)
    clean_axes(axes)
    axes.set_title(f"{model['name']}: {_correlation(fit)}", fontsize=10, parse_math=False)


def _line(model: dict[str, Any]) -> np.ndarray:
    """Places along the regression line, `(places, 2)`."""
    rows, fit = model["classes"], model["correlation"]
    if fit["slope"] is None:
        return np.empty((0, 2))
    f1 = np.linspace(min(row["f1"] for row in rows), max(row["f1"] for row in rows), 150)
    return 100 * np.column_stack([f1, fit["slope"] * f1 + fit["intercept"]])


def _set_limits(axes: "Axes", rows: list[dict[str, Any]]) -> None:
    """Room for names beside the outermost points."""
    f1 = [100 * row["f1"] for row in rows]
    margin = max(2.0, 0.18 * (max(f1) - min(f1)))
    low, high = 100 * min(row["low"] for row in rows), 100 * max(row["high"] for row in rows)
    axes.set_xlim(min(f1) - margin, max(f1) + margin)
    axes.set_ylim(min(0, low) - 0.03 * (high - low), high + 0.06 * (high - low))


def _correlation(fit: dict[str, Any]) -> str:
    parts = []
    if fit["pearson"] is not None:
        parts.append(f"r = {signed(fit['pearson'], '.2f')}")
    if fit["spearman"] is not None:
        parts.append(f"ρ = {signed(fit['spearman'], '.2f')}")
    return ", ".join([*parts, f"n = {fit['n']}"])


def _in_words(models: list[dict[str, Any]]) -> str:
    sentences = []
    for model in models:
        fit = model["correlation"]
        if fit["pearson"] is None or fit["pearson_low"] is None:
            sentences.append(f"For {model['name']} there is no correlation to give.")
            continue
        clear = "excludes" if fit["pearson_low"] * fit["pearson_high"] > 0 else "includes"
        sentences.append(
            f"{model['name']}: {_correlation(fit)}; the 95 % interval of r, {signed(fit['pearson_low'], '.2f')} to "
            f"{signed(fit['pearson_high'], '.2f')}, {clear} no correlation. With no transcription "
            f"counted as more than 100 % wrong: {_correlation(model['capped_correlation'])}."
        )
    return " ".join(sentences)


def _weakest(classes: int) -> float:
    """The least |r| that differs from 0 at 5 %, two-sided, by Student's t."""
    from scipy import stats

    quantile = stats.t.ppf(0.975, classes - 2)
    return float(quantile / sqrt(classes - 2 + quantile**2))
