"""Trains one head on prepared clips and scores it."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import PrinterCallback, set_seed

from ..errors import InputError
from ..features import Encoder, FeatureSpec
from ..metrics import label_table
from ..model.configuration_whisper_at import TLTRConfig
from ..model.modeling_heads import load_saved_head, misfit
from ..model.modeling_tltr import TLTRForAudioClassification
from .arguments import HEAD_SHAPE, HeadArguments, TLTRTrainingArguments
from .clips import Clips
from .feature_dataset import JoinedDataset
from .heads import grow_head, initialise_bias, initialise_from_states
from .trainer import TLTRTrainer

# Rows that a fresh head's norms are fitted on; more change nothing.
_STATISTICS_ROWS = 512


@dataclass
class Parts:
    """The data of one run.

    Attributes:
        labels, problem_type: of the head.
        encoder: of the Whisper.
        train: the clips, once for each way of encoding them.
        validation, test: clips to score on while and after training, or None.
    """

    labels: list[str]
    problem_type: str
    encoder: Encoder
    train: list[Clips]
    validation: Clips | None = None
    test: Clips | None = None
    notes: list[str] = field(default_factory=list)


@dataclass
class Scores:
    """Metrics on one part of the data, and what they were computed from, `(clips, num_labels)` each."""

    metrics: dict[str, float]
    probabilities: np.ndarray
    targets: np.ndarray


def fit_head(
    parts: Parts,
    head_arguments: HeadArguments,
    args: TLTRTrainingArguments,
    train_dataset: Dataset | None = None,
    encoder: torch.nn.Module | None = None,
    resume: str | bool | None = None,
) -> TLTRTrainer:
    """Train a head; its thresholds are fitted on the validation clips.

    Args:
        train_dataset, encoder: to learn from audio instead of the cached features.
        resume: a checkpoint, or True for the last complete one.
    """
    set_seed(args.seed)
    if train_dataset is None:
        train_dataset = JoinedDataset([clips.dataset() for clips in parts.train])
    head, previous = make_head(parts, head_arguments, args.distillation_weight)
    trainer = TLTRTrainer(
        head,
        args,
        train_dataset=train_dataset,
        eval_dataset=None if parts.validation is None else parts.validation.dataset(),
        encoder=encoder,
        previous_head=previous,
    )
    if args.disable_tqdm:
        trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=resume)
    if parts.validation is not None and args.fit_thresholds:
        trainer.fit_thresholds()
    head.config.dropout = head.config.attention_dropout = 0.0
    return trainer


def make_head(
    parts: Parts, arguments: HeadArguments, distillation_weight: float = 0.0
) -> tuple[TLTRForAudioClassification, TLTRForAudioClassification | None]:
    """The head to train, and where it grows the head that it must not forget.

    Raises:
        InputError: `init_head` cannot be loaded, does not fit, or is given another shape than its own; `grow` without
            it or for a single-label head.
    """
    spec = parts.train[0].cache.spec
    if arguments.grow and (arguments.init_head is None or parts.problem_type == "single_label_classification"):
        raise InputError("--grow adds labels to a multi-label head; name that head with --init_head.")
    if arguments.init_head is None:
        return _fresh_head(parts, arguments, spec, distillation_weight), None
    old = load_saved_head(arguments.init_head)
    if misfit(old.config, spec):
        raise InputError(
            f"--init_head '{arguments.init_head}' was made for another Whisper size; train with that one."
        )
    if arguments.grow and old.config.problem_type == "single_label_classification":
        raise InputError(
            f"--init_head '{arguments.init_head}' gives each clip one label, and its answers say nothing about more; "
            "--grow needs a multi-label head."
        )
    for name in HEAD_SHAPE:
        if getattr(arguments, name) not in (getattr(HeadArguments, name), getattr(old.config, name)):
            raise InputError(f"--init_head has {name}={getattr(old.config, name)}, which stays; leave out --{name}.")
    head = grow_head(old, parts.labels)
    head.config.problem_type = parts.problem_type
    head.config.window_length_s, head.config.input_padding = spec.window_length_s, spec.padding
    head.config.dropout, head.config.attention_dropout = arguments.dropout, arguments.attention_dropout
    return head, old if arguments.grow else None


def _fresh_head(
    parts: Parts, arguments: HeadArguments, spec: FeatureSpec, distillation_weight: float
) -> TLTRForAudioClassification:
    try:
        config = TLTRConfig(
            encoder_layers=spec.encoder_layers,
            d_model=spec.d_model,
            pooling_size=spec.pooling_size,
            window_length_s=spec.window_length_s,
            input_padding=spec.padding,
            **arguments.shape,
            dropout=arguments.dropout,
            attention_dropout=arguments.attention_dropout,
            id2label=dict(enumerate(parts.labels)),
            problem_type=parts.problem_type,
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    head = TLTRForAudioClassification(config)
    if arguments.data_dependent_init:
        clips = parts.train[0]
        rows = np.random.default_rng(0).permutation(len(clips))[:_STATISTICS_ROWS]
        states = clips.cache.batch([clips.positions[row] for row in rows])
        initialise_from_states(head, torch.from_numpy(states).float())
        if parts.problem_type == "multi_label_classification":
            initialise_bias(head, torch.from_numpy(clips.taught_targets(distillation_weight)))
    return head


def score(trainer: TLTRTrainer, clips: Clips, name: str) -> Scores:
    """Score the trainer's head on clips; metric names start with `name`."""
    prediction = trainer.predict(clips.dataset(), metric_key_prefix=name)
    speed = ("_runtime", "_samples_per_second", "_steps_per_second", "_preparation_time")
    metrics = {key: float(value) for key, value in prediction.metrics.items() if not key.endswith(speed)}
    targets = trainer.indicator(prediction.label_ids)
    return Scores(metrics, trainer.scores(prediction.predictions), targets)


def table(trainer: TLTRTrainer, scores: Scores) -> list[dict]:
    """One row of scores per label."""
    config = trainer.model.config
    return label_table(
        scores.probabilities, scores.targets, config.labels, config.thresholds, single_label=trainer.single_label
    )
