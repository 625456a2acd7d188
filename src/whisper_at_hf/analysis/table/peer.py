"""The Audio Spectrogram Transformer as a peer: scored on the clips of `whisper-at evaluate`, by the same metrics."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from tqdm import tqdm
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification, AutoConfig

from ...audio.load import load_audio
from ...audio.windows import cut_clip
from ...data import audio_source, clip_names, fold_split, infer_problem_type, targets
from ...data.label_sets import check_known
from ...data.schema import count, first_few
from ...errors import InputError, first_line
from ...features.keys import segment
from ...features.parallel import process_state
from ...model.complete_loading import load_complete
from ...model.configuration_whisper_at import TLTRConfig
from ...model.tagging import logits_to_scores
from ...pipeline.loading import check_device
from ...training.arguments import DataArguments
from ...training.clips import load_rows
from ...training.evaluation import summarise
from ...training.taggers import label_names


@dataclass
class ScoredClips:
    """The clips that could be read: what `summarise` asks of them."""

    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)


# Seconds; what one frame of its spectrogram takes.
SHORTEST_CLIP = 0.025


class ASTPeer:
    """An Audio Spectrogram Transformer with its feature extractor.

    Args:
        path: folder or hub id, such as "MIT/ast-finetuned-audioset-10-10-0.4593".
        device: of the model; by default accelerate's choice, as for the encoders of `extract_features`.

    Raises:
        InputError: there is none, another kind of model, or an unknown device.
    """

    def __init__(self, path: str | Path, device: str | None = None):
        self.path = str(path)
        check_device(device)
        device = device or process_state().device
        try:
            config = AutoConfig.from_pretrained(path, trust_remote_code=False)
            if not isinstance(config, ASTConfig):
                raise InputError(f"'{path}' is a {config.model_type}; this scores Audio Spectrogram Transformers.")
            self.extractor = ASTFeatureExtractor.from_pretrained(path)
            self.model = load_complete(ASTForAudioClassification, path, dtype=torch.float32).eval()
            self.model.to(device)
        except InputError:
            raise
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"'{path}' is no Audio Spectrogram Transformer that can be opened ({first_line(error)}); "
                "name its folder or hub id."
            ) from error

    @property
    def labels(self) -> list[str]:
        """The label names in the order of the logits."""
        return label_names(self.model.config, self.path)

    @torch.no_grad()
    def logits(self, audio: list[np.ndarray]) -> torch.Tensor:
        """`(clips, num_labels)` of clips, each `(samples,)` at the extractor's rate; it reads 10.24 s at most."""
        inputs = self.extractor(audio, sampling_rate=self.extractor.sampling_rate, return_tensors="pt")
        return self.model(inputs["input_values"].to(self.model.device)).logits.cpu()


def evaluate_ast(
    peer: ASTPeer, data: DataArguments, batch_size: int = 8, announce: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Score an AST on `data.test`, as `evaluate_head` does a head.

    Labels are found by name. Probabilities are sigmoids for a multi-label model and softmax for a single-label one;
    where its configuration does not say which it is, as with those published for AudioSet, the data decides. Clips
    that cannot be read are left out with a warning.

    Args:
        peer: the model.
        data: `test`, and `test_fold` to score on one fold of it.
        batch_size: clips at a time.
        announce: told what is going on; a progress bar is then shown, too.

    Returns:
        What `evaluate_head` gives.

    Raises:
        InputError: no data, labels that the model does not know, or no clip that can be read.
    """
    rows = load_rows(data.test, data, data.test_split)
    if rows is None:
        raise InputError("There is nothing to score on; name the data with --data.")
    if data.test_fold is not None:
        rows = fold_split(rows, data.test_fold)[1]
    check_known(rows, peer.labels, "data")
    config = _label_config(peer, rows)
    if announce:
        announce(f"{count(len(rows), 'clip')} to score with '{peer.path}'.")
    readable, logits, failures = [], [], []
    with tqdm(desc="scoring", total=len(rows), unit="clip", disable=announce is None) as bar:
        for batch in _batches(rows, peer.extractor.sampling_rate, batch_size, failures):
            numbers, audio = zip(*batch, strict=True)
            readable += numbers
            logits.append(peer.logits(list(audio)))
            bar.update(len(batch))
    if failures:
        names = clip_names(rows)
        listed = first_few([names[number] for number in failures])
        warnings.warn(f"{count(len(failures), 'clip')} could not be read and left out: {listed}.", stacklevel=2)
    if not readable:
        raise InputError("None of the clips can be read as audio; check the paths in the data.")
    scores = logits_to_scores(torch.cat(logits).double(), config.problem_type).numpy()
    clips = ScoredClips(targets(rows.select(readable), config.labels, config.problem_type))
    return summarise(config, scores, clips)


def _label_config(peer: ASTPeer, rows: Dataset) -> TLTRConfig:
    """The model's labels and kind of problem in the form that our metrics read; it has no thresholds of its own."""
    problem_type = peer.model.config.problem_type or infer_problem_type(rows)
    try:
        return TLTRConfig(id2label=dict(enumerate(peer.labels)), problem_type=problem_type)
    except ValueError as error:
        raise InputError(f"'{peer.path}' cannot be scored ({first_line(error)}); correct its config.json.") from error


def _batches(rows: Dataset, rate: int, batch_size: int, failures: list[int]) -> Iterator[list[tuple[int, np.ndarray]]]:
    """Lists of up to `batch_size` numbers of rows with their audio; those that cannot be read go to `failures`."""
    batch = []
    for number, row in enumerate(rows):
        try:
            batch.append((number, _clip(row, rate)))
        except InputError:
            failures.append(number)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


def _clip(row: dict, rate: int) -> np.ndarray:
    """`(samples,)`. Raises InputError where the file cannot be read, or ends before the clip begins."""
    start, end = segment(row)
    audio = load_audio(audio_source(row), rate)
    clip = cut_clip(audio, rate, start, end)
    if len(clip) < SHORTEST_CLIP * rate:
        raise InputError(f"There is too little sound from {start:g} s in {len(audio) / rate:g} s.")
    return clip
