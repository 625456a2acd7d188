"""`whisper-at analyze layers`: what each layer of speech encoders knows of sounds, by linear probes."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datasets import Dataset
from tqdm import tqdm

from ...data import assign_folds, clip_names, folds, join_folds, load_data, resolve_labels, targets
from ...data.schema import count, first_few, label_lists
from ...data.splits import DRAWN_FOLDS
from ...errors import InputError
from ...features import FeatureCache, extract_features
from ...files import cache_directory, make_folder, write_atomically, write_json
from ...pipeline.loading import check_device
from ...training.clips import warn_unread
from ..tables import free_name, model_name
from .best_layers import TIE_RULE, best_layers
from .clip_steps import clip_seconds, filled_steps
from .encoders import load_speech_encoder, time_means
from .figures import plot_accuracies, plot_best_layers
from .probes import PENALTIES, layer_name, probe_layers
from .tables import markdown

RESULTS_FILE, TABLE_FILE = "layers.json", "layers.md"
ACCURACY_FIGURE, CLASSES_FIGURE = "layers", "best_layers"


class _Encoded(NamedTuple):
    """One model's part: its name and type, and where the clips lie in its cache (None: could not be read)."""

    name: str
    model_type: str
    cache: FeatureCache
    positions: list[int | None]


def analyze_layers(
    data: str | PathLike,
    models: Sequence[str | PathLike],
    output: str | PathLike,
    window_length_s: float = 10.0,
    cache_dir: str | PathLike | None = None,
    num_folds: int | None = None,
    split: str | None = None,
    batch_size: int = 8,
    device: str | None = None,
    seed: int = 0,
    announce: Callable[[str], Any] | None = None,
) -> dict[str, Any]:
    """Probe every layer of several encoders on one set of labelled clips; write numbers, tables and figures.

    Clips are encoded once and cached, so that an interrupted run goes on where it was.

    Args:
        data: what `load_data` takes, with one label a clip. Its folds are used if it has any.
        models: what `load_speech_encoder` takes, in the order of the legend.
        output: folder for `layers.json`, `layers.md`, and the figures `layers` and `best_layers` (.png, .svg).
        window_length_s: seconds that are read of each clip. Whisper sees that window, shorter clips padded with
            silence, and its mean is over the steps (0.4 s) in which the clip sounds; AST pads to its own 10.24 s,
            all of which counts; the others read the clip at its true length. 10 s is what the heads are trained on;
            the paper took 5 s on ESC-50.
        cache_dir: of encoded features; the user's cache if None, which training uses too.
        num_folds: how many folds to draw, or to join the data's own into; by default those, or else 5.
        split: of a dataset with splits; "esc10" of ESC-50.
        batch_size: clips encoded at a time.
        device: of the encoder; the best one if None.
        seed: of drawn folds.
        announce: told what is going on; with it, progress bars are shown.

    Returns:
        what is in `layers.json`: `data`, `settings`, and for each of the `models` its `probes` by name (accuracy by
        fold, mean, std), `best_layer`, and `classes`, see `best_layers`.

    Raises:
        InputError: no models, data with several labels a clip or one class, unusable folds, or what the loaders and
            `extract_features` refuse.
    """
    check_device(device)
    rows = _labelled_rows(data, split, num_folds, seed)
    make_folder(Path(output))
    encoded = _encode(rows, models, window_length_s, cache_dir, batch_size, device, announce)
    places = zip(*(one.positions for one in encoded), strict=True)
    readable = [row for row, place in enumerate(places) if None not in place]
    if len(readable) < len(rows):
        warn_unread([one.cache for one in encoded], len(rows) - len(readable))
        if not readable:
            raise InputError("None of the clips can be read as audio; check the paths in the data.")
        rows = rows.select(readable)
    labels, names = resolve_labels(None, rows), folds(rows)
    truth = targets(rows, labels, "single_label_classification")
    with tqdm(desc="lengths of clips", total=len(rows), unit="clip", leave=False, disable=announce is None) as bar:
        seconds = clip_seconds(rows, bar.update)
    total = sum(one.cache.spec.encoder_layers + 2 for one in encoded)
    with tqdm(desc="probing", total=total, unit="probe", leave=False, disable=announce is None) as bar:
        results = {
            "data": {
                "name": Path(data).name,
                "clips": len(rows),
                "left_out": len(encoded[0].positions) - len(rows),
                "labels": labels,
                "folds": names,
            },
            "settings": {
                "window_length_s": window_length_s,
                "probe": "mean over the time that the clip sounds, standardised, logistic regression (C chosen by "
                f"likelihood on the other folds, {PENALTIES[0]:g} to {PENALTIES[-1]:g}), tested out of fold",
                "best_layer_per_class": f"highest F1 of the class against the rest; {TIE_RULE}",
            },
            "models": [
                _probed(one, readable, seconds, rows["fold"][:], names, truth, labels, bar.update) for one in encoded
            ],
        }
    _write(results, Path(output))
    return results


def _labelled_rows(data: str | PathLike, split: str | None, num_folds: int | None, seed: int) -> Dataset:
    """The clips with their folds. Raises InputError unless each has one label, of at least two."""
    rows = load_data(data, split=split, on_missing=_refuse_missing)
    clips = label_lists(rows)
    if several := [row for row, labels in enumerate(clips) if len(labels) != 1]:
        raise InputError(
            f"{clip_names(rows)[several[0]]!r} has {count(len(clips[several[0]]), 'label')}, but a probe of layers "
            "needs exactly one for every clip: use single-label data, or take such clips out."
        )
    if len({labels[0] for labels in clips}) < 2:
        raise InputError(f"'{data}' has one class only: a probe of layers needs at least two.")
    if "fold" not in rows.column_names:
        return assign_folds(rows, num_folds or DRAWN_FOLDS, seed)
    return rows if num_folds is None else join_folds(rows, num_folds)


def _refuse_missing(paths: list[str]) -> None:
    raise InputError(
        f"{count(len(paths), 'clip')} not found ({first_few(paths)}): correct the paths, or take them out of the data."
    )


def _encode(
    rows: Dataset,
    models: Sequence[str | PathLike],
    window_length_s: float,
    cache_dir: str | PathLike | None,
    batch_size: int,
    device: str | None,
    announce: Callable[[str], Any] | None,
) -> list[_Encoded]:
    """Every model's features of the rows, one model in memory at a time."""
    if not models:
        raise InputError("No model was named: name at least one speech encoder.")
    folder = Path(cache_dir) if cache_dir else cache_directory() / "features"
    encoded = []
    for model, name in zip(models, _names(models), strict=True):
        if announce is not None:
            announce(f"{name}:")
        encoder = load_speech_encoder(model)
        cache = extract_features(
            rows, encoder, folder, window_length_s, batch_size=batch_size, device=device, announce=announce
        )
        encoded.append(_Encoded(name, encoder.model.config.model_type, cache, cache.lookup(rows)))
    return encoded


def _names(models: Sequence[str | PathLike]) -> list[str]:
    names: list[str] = []
    for model in models:
        names.append(free_name(model_name(model), names))
    return names


def _probed(
    encoded: _Encoded,
    readable: Sequence[int],
    seconds: Sequence[float],
    clip_folds: Sequence[str],
    names: Sequence[str],
    truth: np.ndarray,
    labels: Sequence[str],
    advance: Callable[[], Any],
) -> dict[str, Any]:
    """One model's entry in the results."""
    steps = filled_steps(seconds, encoded.cache.spec)
    means = time_means(encoded.cache, [encoded.positions[row] for row in readable], steps)
    probes = probe_layers(means, truth, clip_folds, names, advance)
    layers = [probes[layer_name(layer + 1)] for layer in range(means.shape[1])]
    return {
        "name": encoded.name,
        "model_type": encoded.model_type,
        "layers": means.shape[1],
        "width": means.shape[2],
        "best_layer": 1 + int(np.argmax([probe.mean for probe in layers])),
        "probes": {
            name: {"accuracy_by_fold": probe.accuracies, "mean": probe.mean, "std": probe.std}
            for name, probe in probes.items()
        },
        "classes": best_layers([probe.predictions for probe in layers], truth, labels),
    }


def _write(results: dict[str, Any], output: Path) -> None:
    write_json(output / RESULTS_FILE, results)
    write_atomically(output / TABLE_FILE, markdown(results, ACCURACY_FIGURE, CLASSES_FIGURE))
    plot_accuracies(results, output / ACCURACY_FIGURE)
    plot_best_layers(results, output / CLASSES_FIGURE)
