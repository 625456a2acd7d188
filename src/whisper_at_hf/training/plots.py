"""Pictures of a training run as PNG files: curves, confusion matrix, scores by label. Needs matplotlib."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..figures import new_figure, save_figure, short_label

if TYPE_CHECKING:
    from matplotlib.axis import Axis

# The figures of `tagging_metrics` that lie between 0 and 1 and so share an axis.
CURVE_METRICS = ("map", "auc", "accuracy", "f1")
# Above this, numbers in the cells of a confusion matrix cannot be read.
MAX_NUMBERED_LABELS = 60
MAX_BARS = 40


def plot_curves(log_history: Sequence[Mapping[str, Any]], path: str | PathLike) -> Path:
    """Losses, evaluation metrics and learning rate by epoch.

    Args:
        log_history: the Trainer's `state.log_history`: entries with `epoch` and `loss`, `learning_rate`,
            `eval_loss`, `eval_map`, ...
        path: the PNG to write.

    Raises:
        InputError: there is nothing to draw, matplotlib is missing, or `path` cannot be written.
    """
    panels = {
        "loss": {"training": "loss", "validation": "eval_loss"},
        "validation": {name: f"eval_{name}" for name in CURVE_METRICS},
        "learning rate": {"": "learning_rate"},
    }
    drawn = {}
    for title, keys in panels.items():
        curves = {name: _curve(log_history, key) for name, key in keys.items()}
        drawn[title] = {name: curve for name, curve in curves.items() if len(curve)}
    drawn = {title: curves for title, curves in drawn.items() if curves}
    if not drawn:
        raise InputError("log_history holds no losses, metrics or learning rates by epoch; train before plotting.")
    figure = new_figure(5 * len(drawn), 3.6)
    for axes, (title, curves) in zip(figure.subplots(1, len(drawn), squeeze=False)[0], drawn.items(), strict=True):
        for name, curve in curves.items():
            axes.plot(curve[:, 0], curve[:, 1], label=name, marker="." if len(curve) <= 60 else None)
        axes.set(title=title, xlabel="epoch")
        axes.grid(alpha=0.3)
        if any(curves):
            axes.legend()
    return save_figure(figure, path)


def _curve(log_history: Sequence[Mapping[str, Any]], key: str) -> np.ndarray:
    """`(points, 2)`: epoch and value of every entry that has the key."""
    points = [(entry["epoch"], entry[key]) for entry in log_history if key in entry and "epoch" in entry]
    return np.array(points, dtype=float).reshape(-1, 2)


def plot_confusion_matrix(
    targets: Sequence[int], predictions: Sequence[int], labels: Sequence[str], path: str | PathLike
) -> Path:
    """How often each label was taken for each other: counts, coloured by their share of the true label.

    Args:
        targets: `(clips,)`, index of the true label.
        predictions: `(clips,)`, index of the label given.
        labels: the label names by index.
        path: the PNG to write.

    Raises:
        InputError: unusable indices, matplotlib is missing, or `path` cannot be written.
    """
    counts = _confusion_counts(targets, predictions, len(labels))
    size = len(labels)
    side = float(np.clip(0.42 * size, 3, 20))
    font = float(np.clip(72 * side / size * 0.32, 4, 10))
    figure = new_figure(side + 2.5, side + 2)
    axes = figure.subplots()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the true label", shrink=0.8)
    names = [short_label(label) for label in labels]
    _name_ticks(axes.xaxis, names, fontsize=font, rotation=90)
    _name_ticks(axes.yaxis, names, fontsize=font)
    axes.set(xlabel="label given", ylabel="true label", title=f"{np.trace(counts)} of {counts.sum()} clips right")
    if size <= MAX_NUMBERED_LABELS:
        for row, column in np.argwhere(counts):
            color = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color, fontsize=font)
    return save_figure(figure, path)


def _confusion_counts(targets: Sequence[int], predictions: Sequence[int], size: int) -> np.ndarray:
    """Clips by true label and label given, `(size, size)`."""
    targets, predictions = np.asarray(targets), np.asarray(predictions)
    if targets.ndim != 1 or targets.shape != predictions.shape or not targets.size:
        raise InputError(
            f"targets {targets.shape} and predictions {predictions.shape} must be label indices of the same clips."
        )
    for name, indices in (("targets", targets), ("predictions", predictions)):
        if indices.dtype.kind not in "iu" or indices.min() < 0 or indices.max() >= size:
            raise InputError(f"{name} must be whole numbers from 0 to {size - 1}, one index into labels per clip.")
    return np.bincount(targets.astype(int) * size + predictions.astype(int), minlength=size**2).reshape(size, size)


def plot_label_scores(table: Sequence[Mapping[str, Any]], path: str | PathLike) -> Path:
    """Average precision by label as bars, best first; of more than 40 labels, the 20 best and the 20 worst.

    Args:
        table: rows of `whisper_at_hf.metrics.label_table`; those without an average precision are left out.
        path: the PNG to write.

    Raises:
        InputError: no row has an average precision, matplotlib is missing, or `path` cannot be written.
    """
    scored = [row for row in table if row["average_precision"] is not None]
    if not scored:
        raise InputError("table has no label with an average precision; nothing can be drawn.")
    ranked = sorted(scored, key=lambda row: row["average_precision"], reverse=True)
    shown, title = ranked, f"{len(ranked)} labels"
    if len(ranked) > MAX_BARS:
        shown = ranked[: MAX_BARS // 2] + ranked[-MAX_BARS // 2 :]
        title = f"the {MAX_BARS // 2} best and the {MAX_BARS // 2} worst of {len(ranked)} labels"
    precision = [row["average_precision"] for row in shown]
    figure = new_figure(7, 1.3 + 0.22 * len(shown))
    axes = figure.subplots()
    bars = axes.barh(range(len(shown)), precision, color="tab:blue")
    axes.bar_label(bars, [f"{value:.2f}" for value in precision], padding=2, fontsize=8)
    _name_ticks(axes.yaxis, [f"{short_label(row['label'])} ({row['positives']})" for row in shown], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.08), xlabel="average precision (in brackets: clips with the label)", title=title)
    axes.grid(axis="x", alpha=0.3)
    return save_figure(figure, path)


def _name_ticks(axis: "Axis", labels: Sequence[str], **style) -> None:
    # A label with two dollar signs is a name, not a formula.
    axis.set_ticks(range(len(labels)), labels, parse_math=False, **style)
