"""Is a recogniser robust against the sounds that its encoder knows? Each class's F1 against the errors it causes.

Source: Whisper-AT, https://arxiv.org/abs/2307.03183, section 2 and figure 2, and plot_figure2.py in
https://github.com/YuanGongND/whisper-at. There the F1 is that of the last layer's probe and the increase that from 20
to -10 dB, and 12 of the 50 classes were left out of the regression; here the increase is against the speech alone,
its ratios can be chosen, and no class is left out.
"""

import json
import re
import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ...files import write_atomically, write_json
from ..robustness.error_counts import counts_of
from ..robustness.run import read_results
from .report import class_caption, class_table, draw_classes

RESULTS_FILE = "classes.json"

# A regression over classes needs so many.
FEWEST_CLASSES = 3


def analyze_classes(
    robustness: str | PathLike,
    layers: str | PathLike,
    output: str | PathLike,
    snrs: Sequence[float] | None = None,
    layer: int | None = None,
) -> dict[str, Any]:
    """Set each class's F1 against the word errors that it causes, for every model that both analyses have.

    Args:
        robustness: folder that `analyze_robustness` wrote.
        layers: folder that `analyze_layers` wrote, with the same classes of sounds.
        output: folder for classes.json, .md, .png and .svg.
        snrs: ratios in dB to take the mean over; all that were transcribed if None.
        layer: of the probe, from 1 on; the last one if None, as in the paper.

    Returns:
        What is in classes.json: `snrs`, and for each of `models` its `layer`, `classes` (`label`, `f1`, `increase` of
        the word error rate and its 95 % band from `low` to `high`, all fractions) and `correlation`; and the same
        with `ErrorCounts.capped` counts.

    Raises:
        InputError: a folder without results, no model or fewer than three classes in both, a ratio or layer that
            there is not.
    """
    errors, known = read_results(robustness), _read_layers(layers)
    try:
        results = _combined(errors, known, (robustness, layers), snrs, layer)
    except InputError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"'{robustness}' or '{layers}' does not hold whole results ({type(error).__name__}); run whisper-at "
            "analyze robustness and layers again."
        ) from error
    _write(results, Path(output))
    return results


def _combined(
    errors: dict[str, Any],
    known: dict[str, Any],
    folders: tuple[str | PathLike, str | PathLike],
    snrs: Sequence[float] | None,
    layer: int | None,
) -> dict[str, Any]:
    """The results of `analyze_classes`; `folders` are where the two come from."""
    robustness, layers = folders
    _refuse_numbered(errors, known)
    snrs = _checked_snrs(snrs, errors["settings"]["snrs"])
    probes = {model["name"]: model for model in known["models"]}
    models = [
        _model_results(model, errors, probes[model["name"]], snrs, layer)
        for model in errors["models"]
        if model["name"] in probes
    ]
    if not models:
        raise InputError(
            f"'{robustness}' has {', '.join(model['name'] for model in errors['models'])}, '{layers}' has "
            f"{', '.join(probes)}: no model is in both; run whisper-at analyze layers with the same."
        )
    results = {
        "caption": "",
        "snrs": snrs,
        "utterances": len(errors["utterances"]),
        "clips_per_class": min(row["clips"] for row in known["models"][0]["classes"]),
        "models": models,
    }
    results["caption"] = class_caption(results)
    return results


def _refuse_numbered(*analyses: dict[str, Any]) -> None:
    """Models are matched by name, which says nothing where several folders had the same."""
    for model in (model for results in analyses for model in results["models"]):
        if re.search(r" \(\d+\)$", model["name"]):
            raise InputError(
                f"Several models were called {model['name'].rpartition(' (')[0]!r} and cannot be told apart; give "
                "their folders different names, and run both analyses again."
            )


def correlate(f1: Sequence[float], increase: Sequence[float]) -> dict[str, Any]:
    """How far two values of each class go together.

    Returns:
        `n`, `pearson` with its 95 % interval `pearson_low` to `pearson_high` (Fisher's), `spearman`, and the
        regression `increase = slope * f1 + intercept`; None for what a constant value or too few classes leave open.
    """
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant value, which gives NaN
        pearson, spearman = stats.pearsonr(f1, increase), stats.spearmanr(f1, increase)
        low, high = pearson.confidence_interval(0.95)
    if not np.isfinite(pearson.statistic):
        low, high = None, None
    is_constant = len(set(f1)) == 1
    slope, intercept = (None, None) if is_constant else np.polyfit(f1, increase, 1)
    values = {
        "pearson": pearson.statistic,
        "pearson_low": low,
        "pearson_high": high,
        "spearman": spearman.statistic,
        "slope": slope,
        "intercept": intercept,
    }
    known = {name: None if value is None or not np.isfinite(value) else float(value) for name, value in values.items()}
    return {"n": len(f1), **known}


def _model_results(
    model: dict[str, Any], errors: dict[str, Any], probes: dict[str, Any], snrs: Sequence[float], layer: int | None
) -> dict[str, Any]:
    layer = probes["layers"] if layer is None else layer
    if not 1 <= layer <= probes["layers"]:
        raise InputError(f"{model['name']} has the layers 1 to {probes['layers']}, not {layer}; pass one of them.")
    counts = counts_of(model, errors)
    f1 = {row["label"]: row["f1_by_layer"][layer - 1] for row in probes["classes"]}
    shared = [label for label in sorted(set(counts.labels)) if label in f1]
    if len(shared) < FEWEST_CLASSES:
        raise InputError(
            f"{model['name']}: only {len(shared)} classes are in both analyses, and a regression needs three; use the "
            "same sounds for both."
        )
    capped = counts.capped()
    rows = [
        {
            "label": label,
            "f1": f1[label],
            **counts.increase(label, snrs),
            "capped_increase": capped.increase(label, snrs)["increase"],
        }
        for label in shared
    ]
    correlations = {
        name: correlate([row["f1"] for row in rows], [row[increase] for row in rows])
        for name, increase in (("correlation", "increase"), ("capped_correlation", "capped_increase"))
    }
    return {"name": model["name"], "layer": layer, **correlations, "classes": rows}


def _checked_snrs(snrs: Sequence[float] | None, transcribed: Sequence[float]) -> list[float]:
    chosen = sorted({float(snr) for snr in snrs or transcribed}, reverse=True)
    if missing := [snr for snr in chosen if snr not in transcribed]:
        there = ", ".join(f"{snr:g}" for snr in transcribed)
        raise InputError(f"Nothing was transcribed at {missing[0]:g} dB, only at {there}; pass --snr with those.")
    return chosen


def _read_layers(folder: str | PathLike) -> dict[str, Any]:
    path = Path(folder) / "layers.json"
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if results["models"] and all(row["f1_by_layer"] for model in results["models"] for row in model["classes"]):
            return results
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise InputError(
        f"'{path}' does not hold probes of layers; run whisper-at analyze layers --output {folder} first."
    )


def _write(results: dict[str, Any], output: Path) -> None:
    write_json(output / RESULTS_FILE, results)
    write_atomically(output / "classes.md", class_table(results, "classes"))
    draw_classes(results, output / "classes")
