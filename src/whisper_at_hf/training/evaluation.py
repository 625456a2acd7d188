"""Scores a trained head on any labelled data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data import fold_split
from ..data.label_sets import check_known
from ..errors import InputError
from ..features import load_encoder
from ..metrics import label_table, tagging_metrics
from ..model.complete_loading import load_complete
from ..model.configuration_whisper_at import MODEL_TYPE, TLTRConfig
from ..model.modeling_heads import load_saved_head, misfit
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.tagging import logits_to_scores, resolve_thresholds
from .arguments import DataArguments, HeadArguments
from .clips import Clips, encode_clips, load_rows


def evaluate_head(
    head: str | Path,
    data: DataArguments,
    batch_size: int = 64,
    announce: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Score a head on `data.test`, encoded as in its training.

    Args:
        head: folder or hub id of a head, or of a Whisper-AT model, whose default head and encoder are then used.
        data: `test` (and `test_fold`, to score on one fold of it), `whisper`, `cache_dir`.
        batch_size: clips at a time through the head.
        announce: told what is going on.

    Returns:
        `eval_<metric>`, `clips`, `label_table`, and for single-label heads `confusion_matrix` `[truth][answer]`.

    Raises:
        InputError: no such head or data, labels that the head does not know, or another Whisper's head.
    """
    model, whisper = open_head(head, data.whisper)
    rows = load_rows(data.test, data, data.test_split)
    if rows is None:
        raise InputError("There is nothing to score on; name the data with --data.")
    if data.test_fold is not None:
        rows = fold_split(rows, data.test_fold)[1]
    config = model.config
    check_known(rows, config.labels, "data")
    encoder = load_encoder(whisper)
    spec = encoder.spec(config.window_length_s, config.input_padding)
    if misfit(config, spec):
        raise InputError(f"'{head}' was trained on another Whisper size; name that one with --whisper.")
    window = HeadArguments(window_length_s=config.window_length_s, input_padding=config.input_padding)
    clips = encode_clips(rows, config.labels, config.problem_type, encoder, data, window, announce)
    scores = clip_scores(model, clips, batch_size)
    return summarise(config, scores, clips)


def open_head(path: str | Path, whisper: str | None) -> tuple[TLTRForAudioClassification, str | None]:
    """The head at `path` in evaluation mode, and the Whisper to use with it. Raises InputError if there is none."""
    from ..model.modeling_whisper_at import WhisperATForAudioClassification

    try:
        values, _ = TLTRConfig.get_config_dict(path)
    except OSError:  # loading a head says what is wrong
        values = {}
    if values.get("model_type") != MODEL_TYPE:
        return load_saved_head(path).eval(), whisper
    model = load_complete(WhisperATForAudioClassification, path)
    return model.get_head().float().eval(), whisper or str(path)


@torch.no_grad()
def clip_scores(head: TLTRForAudioClassification, clips: Clips, batch_size: int = 64) -> np.ndarray:
    """Probabilities `(clips, num_labels)`."""
    batches = [clips.positions[start : start + batch_size] for start in range(0, len(clips), batch_size)]
    logits = [head(torch.from_numpy(clips.cache.batch(batch))).logits for batch in batches]
    return logits_to_scores(torch.cat(logits).double(), head.config.problem_type).numpy()


def summarise(config: TLTRConfig, scores: np.ndarray, clips: Clips) -> dict[str, Any]:
    """Metrics, the table per label and the confusion matrix of `scores`, `(clips, num_labels)`."""
    single = config.problem_type == "single_label_classification"
    truth = np.eye(config.num_labels)[clips.targets] if single else clips.targets
    thresholds = resolve_thresholds(config).numpy()
    metrics = tagging_metrics(scores, truth, thresholds, single_label=single)
    results: dict[str, Any] = {f"eval_{name}": value for name, value in metrics.items()}
    results["clips"] = len(clips)
    results["label_table"] = label_table(scores, truth, config.labels, thresholds, single_label=single)
    if single:
        matrix = np.zeros((config.num_labels, config.num_labels), dtype=int)
        np.add.at(matrix, (clips.targets, scores.argmax(axis=1)), 1)
        results["confusion_matrix"] = matrix.tolist()
    return results
