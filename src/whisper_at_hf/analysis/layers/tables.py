"""The layers' probes as tables."""

from typing import Any

from ..tables import markdown_table
from .probes import ALL_LAYERS, MEAN_OF_LAYERS, layer_name


def accuracy_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """Accuracy in %, mean ± std over the folds: a row per probe, a column per model, below a header."""
    models = results["models"]
    deepest = max(model["layers"] for model in models)
    names = [layer_name(layer + 1) for layer in range(deepest)] + [MEAN_OF_LAYERS, ALL_LAYERS]
    rows = [("probe", *(model["name"] for model in models))]
    for name in names:
        probes = [model["probes"].get(name) for model in models]
        cells = ("" if one is None else f"{100 * one['mean']:.2f} ± {100 * one['std']:.2f}" for one in probes)
        rows.append((name, *cells))
    return rows


def class_rows(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """For each class, every model's best layer, its F1, and the layers that have the same: below a header."""
    models = results["models"]
    rows = [("class", "clips", *(model["name"] for model in models))]
    for classes in zip(*(model["classes"] for model in models), strict=True):
        rows.append((classes[0]["label"], str(classes[0]["clips"]), *map(_best, classes)))
    return rows


def _best(row: dict[str, Any]) -> str:
    others = [str(layer) for layer in row["tied_layers"] if layer != row["best_layer"]]
    return f"{row['best_layer']} ({row['f1']:.3f})" + (f", as {', '.join(others)}" if others else "")


def markdown(results: dict[str, Any], accuracy_figure: str, classes_figure: str) -> str:
    """Both tables with their figures, and what they mean.

    Args:
        results: of `analyze_layers`.
        accuracy_figure, classes_figure: names of the figures' files without suffix.
    """
    data, settings = results["data"], results["settings"]
    fewest = min(row["clips"] for row in results["models"][0]["classes"])
    return "\n".join(
        [
            f"# What each layer knows of sounds: {data['name']}",
            "",
            f"{data['clips']} clips of {len(data['labels'])} classes, {len(data['folds'])} folds; the first "
            f"{settings['window_length_s']:g} s of each clip. Probe: {settings['probe']}. States are the outputs of "
            "the encoder's blocks, before the LayerNorm behind the last one.",
            "",
            f"![Accuracy of a linear probe against layer]({accuracy_figure}.png)",
            "",
            "Accuracy in %, mean ± standard deviation over the folds:",
            "",
            markdown_table(accuracy_rows(results)),
            "## Best layer for each class",
            "",
            f"![F1 of each class in each layer]({classes_figure}.png)",
            "",
            f"Layer (F1), by {settings['best_layer_per_class']}. Where several layers have that F1, they are named "
            f"too. The smallest class has {fewest} clips: one clip more or less moves its recall by "
            f"{100 / fewest:.1f} points, so layers that lie closer together than a few clips do not differ.",
            "",
            markdown_table(class_rows(results)),
        ]
    )
