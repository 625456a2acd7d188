"""What a training run can be told: the data, the head, and the training itself."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import TrainingArguments
from transformers.integrations import get_available_reporting_integrations

from ..errors import InputError

# d-prime is missing: it is infinite, and so not reported, for a head without mistakes.
_BEST_METRICS = ("loss", "map", "auc", "accuracy", "f1")

# What of `HeadArguments` says which weights a fresh head has.
HEAD_SHAPE = ("aggregation", "projection_dim", "projection_per_layer")


@dataclass
class DataArguments:
    """Which clips to learn from and to score on, and how they become features."""

    train: list[str] = field(
        default_factory=list,
        metadata={
            "help": "Training data: CSV (path,label[,fold]), folder per class, ESC-50 folder, AudioSet segments CSV, "
            "or dataset (folder or hub id); several are joined."
        },
    )
    validation: list[str] = field(
        default_factory=list,
        metadata={"help": "Validation data; without it a share of the training data is held out."},
    )
    test: list[str] = field(default_factory=list, metadata={"help": "Test data, scored once at the end."})
    whisper: str | None = field(
        default=None,
        metadata={"help": "Whisper folder, hub id, CTranslate2 folder or .pt; default: the embedded one."},
    )
    labels: str | None = field(
        default=None, metadata={"help": "Labels: 'audioset', or a .txt or .csv file; default: those of the data."}
    )
    problem_type: str | None = field(
        default=None,
        metadata={
            "help": "single_label_classification or multi_label_classification; default: single if each clip has one.",
            "choices": [None, "single_label_classification", "multi_label_classification"],
        },
    )
    validation_share: float = field(
        default=0.2,
        metadata={"help": "Share of the training clips held out where no validation data is given; 0: none."},
    )
    refit: bool = field(
        default=False,
        metadata={"help": "After scoring, train once more with the validation clips too; thresholds are kept."},
    )
    test_fold: str | None = field(default=None, metadata={"help": "Fold that is kept as test data."})
    validation_fold: str | None = field(default=None, metadata={"help": "Fold that is kept as validation data."})
    cross_validation: bool = field(
        default=False, metadata={"help": "Train once per fold, testing on that fold; a table at the end."}
    )
    num_folds: int | None = field(
        default=None, metadata={"help": "Folds to draw if the data has none (default: 5), or to join its folds into."}
    )
    seeds: list[int] = field(
        default_factory=list, metadata={"help": "Seeds to repeat cross-validation with; default: --seed alone."}
    )
    split: str | None = field(default=None, metadata={"help": "Split of a hub dataset to train on."})
    validation_split: str | None = field(default=None, metadata={"help": "Split of one to validate on."})
    test_split: str | None = field(default=None, metadata={"help": "Split of one to test on."})
    audio_column: str | None = field(default=None, metadata={"help": "Its column with audio; guessed by default."})
    label_column: str | None = field(default=None, metadata={"help": "Its column with labels; guessed by default."})
    fold_column: str | None = field(default=None, metadata={"help": "Its column with folds, for instance speakers."})
    skip_missing: bool = field(default=False, metadata={"help": "Go on without clips that do not exist."})
    clips: str | None = field(default=None, metadata={"help": "Folder of the clips of AudioSet segment CSVs."})
    cache_dir: str | None = field(
        default=None, metadata={"help": "Folder for encoded features; default: in the user's cache."}
    )
    extraction_batch_size: int = field(default=8, metadata={"help": "Clips encoded at a time."})
    extra_padding: str | None = field(
        default=None,
        metadata={
            "help": "Learn from the clips under this encoder input (trim, pad, context) too.",
            "choices": [None, "trim", "pad", "context"],
        },
    )
    teacher: str | None = field(
        default=None, metadata={"help": "CSV of a teacher's probabilities: path, then one column per label."}
    )
    on_the_fly: bool = field(
        default=False, metadata={"help": "Encode the training clips anew in every epoch, with waveform augmentation."}
    )
    gain_db: float = field(default=6.0, metadata={"help": "On the fly: largest random gain up or down, dB."})
    noise_snr_db: float | None = field(
        default=None,
        metadata={"help": "On the fly: least signal-to-noise ratio of white noise added to half the clips, dB."},
    )
    speech: str | None = field(
        default=None, metadata={"help": "On the fly: folder or CSV of speech to mix over half the clips."}
    )
    speech_label: str | None = field(
        default=None, metadata={"help": "On the fly: label that clips with mixed-in speech get besides their own."}
    )
    speech_snr_db: float = field(
        default=10.0, metadata={"help": "On the fly: sound over speech, drawn from minus to plus this, dB."}
    )

    def __post_init__(self):
        if not 0 <= self.validation_share < 1:
            raise InputError(f"validation_share={self.validation_share} is not a part; use 0.2, or 0 for none.")
        if not all(0 <= seed < 2**32 for seed in self.seeds):
            raise InputError(f"seeds={self.seeds} holds one that is no seed; use whole numbers from 0 to 2**32 - 1.")
        for name in ("gain_db", "speech_snr_db"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name}={getattr(self, name)} is no range in dB; use 0 or more.")
        if self.noise_snr_db is not None and not math.isfinite(self.noise_snr_db):
            raise InputError(f"noise_snr_db={self.noise_snr_db} is no ratio in dB; use a number such as 10.")


@dataclass
class HeadArguments:
    """The head to train; see `TLTRConfig`."""

    aggregation: str = field(
        default="tltr",
        metadata={"help": "tltr, or an ablation: mean, last, weighted, mean_time, last_time, weighted_time."},
    )
    projection_dim: int | None = field(default=None, metadata={"help": "Width after projection; default: none."})
    projection_per_layer: bool = field(
        default=False, metadata={"help": "TLTR only: a projection for each encoder layer, or (false) one for all."}
    )
    dropout: float = field(default=0.0, metadata={"help": "Dropout in the head's Transformer blocks."})
    attention_dropout: float = field(default=0.0, metadata={"help": "Dropout of attention weights."})
    window_length_s: float = field(default=10.0, metadata={"help": "Seconds of audio a decision, a multiple of 0.4."})
    input_padding: str = field(
        default="trim",
        metadata={"help": "Encoder input: the window alone (trim), padded to 30 s (pad), in its 30 s (context)."},
    )
    init_head: str | None = field(
        default=None, metadata={"help": "Saved head to start from; rows of labels it knows are kept."}
    )
    grow: bool = field(
        default=False,
        metadata={
            "help": "With --init_head: keep all its labels, learning them from its own answers, and add new ones."
        },
    )
    data_dependent_init: bool = field(
        default=True, metadata={"help": "Start a fresh head from the statistics of the training features."}
    )

    def __post_init__(self):
        for name in ("dropout", "attention_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)} is not a share; use a number from 0 up to 1.")
        if self.projection_dim is not None and self.projection_dim < 1:
            raise InputError(f"projection_dim={self.projection_dim} must be at least 1; leave it out for none.")
        if self.projection_per_layer and self.aggregation == "tltr" and not (self.projection_dim or self.init_head):
            raise InputError("projection_per_layer needs a projection; add a width, such as --projection_dim 64.")

    @property
    def shape(self) -> dict[str, Any]:
        """Those values of a fresh head's `TLTRConfig` that say which weights it has."""
        per_layer = self.projection_per_layer and self.aggregation == "tltr" and bool(self.projection_dim)
        return {
            "aggregation": self.aggregation,
            "projection_dim": self.projection_dim,
            "projection_per_layer": per_layer,
        }


@dataclass
class TLTRTrainingArguments(TrainingArguments):
    """`TrainingArguments` with what the recipe of Whisper-AT needs besides (traintest.py and dataloader_feat.py in
    https://github.com/YuanGongND/whisper-at, `src/whisper_at_train`).

    Attributes:
        balanced_sampling: draw clips with weight sum over their labels of 1000 / (count + 0.01), with replacement.
        epoch_share: part of the training clips that make an epoch.
        mixup_rate, mixup_beta: share of rows mixed with another one, and the Beta distribution of the mix.
        time_mask_steps: up to this many pooled steps (0.4 s each) of a row are zeroed.
        step_dropout: each batch keeps a random subset of its pooled steps; this is the largest share that is left out.
        weight_averaging_start: from this share of the epochs on, weights at the end of epochs are averaged, and the
            average is the result; None takes the last (or, with `load_best_model_at_end`, the best) weights.
        lr_decay_factor, lr_decay_start_epoch, lr_decay_every: after warm-up the rate stays, then from that epoch on
            is multiplied by the factor every so many epochs. None leaves `lr_scheduler_type` in charge.
        early_stopping_patience: evaluations without a better metric after which training stops.
        distillation_weight: share of the teacher's probabilities in the targets.
        overwrite: replace an earlier run in `output_dir`.
        fit_thresholds: fit each label's threshold on the validation clips (multi-label heads).

    Raises:
        InputError: a value out of range.
    """

    output_dir: str | None = field(default=None, metadata={"help": "Folder for the head, its card and its scores."})
    per_device_train_batch_size: int = field(default=48, metadata={"help": "Clips a step and device."})
    per_device_eval_batch_size: int = field(default=64, metadata={"help": "Clips a step and device when scoring."})
    learning_rate: float = field(default=1e-3, metadata={"help": "Highest learning rate."})
    num_train_epochs: float = field(default=40.0, metadata={"help": "Epochs to train."})
    report_to: None | str | list[str] = field(default="none", metadata={"help": "tensorboard, wandb, ...; or none."})
    logging_strategy: str = field(default="epoch", metadata={"help": "When to log: no, epoch or steps."})
    eval_strategy: str = field(default="epoch", metadata={"help": "When to score: no, epoch or steps."})
    save_strategy: str = field(default="epoch", metadata={"help": "When to save a checkpoint: no, epoch or steps."})
    save_total_limit: int | None = field(default=2, metadata={"help": "Checkpoints kept while training."})
    disable_tqdm: bool | None = field(default=False, metadata={"help": "No progress bars and no log lines."})
    dataloader_pin_memory: bool = field(
        default_factory=torch.cuda.is_available,
        metadata={"help": "Pin memory in data loaders; on by default with CUDA."},
    )
    remove_unused_columns: bool | None = field(default=False, metadata={"help": "Not used: features have no columns."})
    label_names: list[str] | None = field(
        default_factory=lambda: ["labels"], metadata={"help": "Inputs that are targets."}
    )
    balanced_sampling: bool = field(default=False, metadata={"help": "Draw clips of rare labels more often."})
    epoch_share: float = field(default=1.0, metadata={"help": "Part of the clips that make an epoch."})
    mixup_rate: float = field(default=0.0, metadata={"help": "Share of clips mixed with another one."})
    mixup_beta: float = field(default=10.0, metadata={"help": "Parameter of the Beta distribution of the mix."})
    time_mask_steps: int = field(default=0, metadata={"help": "Zero up to this many steps of 0.4 s."})
    step_dropout: float = field(
        default=0.0, metadata={"help": "Largest share of the pooled steps that a batch goes without, 0..1."}
    )
    weight_averaging_start: float | None = field(
        default=0.5, metadata={"help": "Average the weights from this share of the epochs on; -1: never."}
    )
    lr_decay_factor: float | None = field(default=None, metadata={"help": "Step decay: multiply the rate by this."})
    lr_decay_start_epoch: int = field(default=15, metadata={"help": "Step decay: first epoch with a lower rate."})
    lr_decay_every: int = field(default=5, metadata={"help": "Step decay: epochs between steps."})
    early_stopping_patience: int | None = field(
        default=None, metadata={"help": "Stop after this many evaluations without a better score."}
    )
    distillation_weight: float = field(default=0.0, metadata={"help": "Share of the teacher in the targets, 0..1."})
    overwrite: bool = field(default=False, metadata={"help": "Replace an earlier run in the output folder."})
    fit_thresholds: bool = field(default=True, metadata={"help": "Fit a threshold per label on the validation data."})

    def __post_init__(self):
        if self.weight_averaging_start is not None and self.weight_averaging_start < 0:
            self.weight_averaging_start = None
        if str(self.resume_from_checkpoint).lower() == "false":
            self.resume_from_checkpoint = None
        self._check_ranges()
        _check_reporting(self.report_to)
        if self.early_stopping_patience is not None:
            self.load_best_model_at_end = True
        super().__post_init__()

    def _check_ranges(self) -> None:
        for name in ("mixup_rate", "label_smoothing_factor", "distillation_weight", "step_dropout"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}={getattr(self, name)} is not a share; use a number from 0 to 1.")
        if not 0 < self.epoch_share <= 1:
            raise InputError(
                f"epoch_share={self.epoch_share} is not a part of the data; use a number above 0, up to 1."
            )
        if self.weight_averaging_start is not None and not self.weight_averaging_start < 1:
            raise InputError(
                f"weight_averaging_start={self.weight_averaging_start} leaves nothing to average; use 0.5, or -1."
            )
        for name in ("mixup_beta", "learning_rate", "num_train_epochs"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name}={getattr(self, name)} must be a number above 0.")
        for name in ("adam_beta1", "adam_beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)} is no share of the past; use a number from 0 up to 1.")
        for name in ("adam_epsilon", "weight_decay", "max_grad_norm", "dataloader_num_workers"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name}={getattr(self, name)} must be a number from 0 on.")
        for name in ("per_device_train_batch_size", "per_device_eval_batch_size", "lr_decay_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}={getattr(self, name)} must be at least 1.")
        if self.gradient_accumulation_steps < 1:
            raise InputError(f"gradient_accumulation_steps={self.gradient_accumulation_steps} must be at least 1.")
        if not self.output_dir and self.output_dir is not None:
            raise InputError("output_dir is empty; name a folder.")
        if self.train_sampling_strategy not in ("random", "sequential"):
            raise InputError(
                f"train_sampling_strategy={self.train_sampling_strategy!r} is for text; use random or sequential."
            )
        if self.train_sampling_strategy == "sequential" and (self.balanced_sampling or self.epoch_share < 1):
            raise InputError("balanced_sampling and epoch_share draw clips; leave out --train_sampling_strategy.")
        if self.save_strategy == "best" and self.metric_for_best_model is None:
            raise InputError("save_strategy=best needs a metric; add --metric_for_best_model map, or use epoch.")
        if self.metric_for_best_model is not None:
            name = self.metric_for_best_model.removeprefix("eval_")
            if name not in _BEST_METRICS:
                raise InputError(f"metric_for_best_model={name!r} is unknown; use one of {', '.join(_BEST_METRICS)}.")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed={self.seed} is no seed; use a whole number from 0 to 2**32 - 1.")
        if self.lr_decay_factor is not None and not 0 < self.lr_decay_factor <= 1:
            raise InputError(f"lr_decay_factor={self.lr_decay_factor} is no decay; use a number above 0, up to 1.")
        if self.time_mask_steps < 0:
            raise InputError(f"time_mask_steps={self.time_mask_steps} must not be negative.")


def _check_reporting(report_to: None | str | list[str]) -> None:
    """Raise InputError for reports to what does not exist or is not installed."""
    available = get_available_reporting_integrations()
    for name in [report_to] if isinstance(report_to, str) else report_to or []:
        if name not in ("none", "all", *available):
            found = ", ".join(available) or "nothing else"
            raise InputError(f"report_to={name!r} is unknown or not installed here; there is {found}, or none.")


def check_together(data: DataArguments, args: TLTRTrainingArguments) -> None:
    """Refuse arguments that would have no effect beside each other. Raises InputError."""
    if not data.train:
        raise InputError("There is no training data; name it with --train.")
    if (data.teacher is not None) != (args.distillation_weight > 0):
        raise InputError("A teacher needs both --teacher, its file, and --distillation_weight, its share above 0.")
    if not data.on_the_fly and (data.speech is not None or data.noise_snr_db is not None):
        raise InputError("--speech and --noise_snr_db change audio before it is encoded; add --on_the_fly.")
    if data.speech_label is not None and data.speech is None:
        raise InputError("--speech_label is for clips with mixed-in speech; name that with --speech.")
    if data.on_the_fly and data.extra_padding is not None:
        raise InputError("--extra_padding learns from cached features, --on_the_fly from audio; use one of them.")
