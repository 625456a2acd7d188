"""`TLTRTrainer`: HF's Trainer for a tagging head on the features of a frozen Whisper."""

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, Sampler
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback
from transformers.trainer_utils import EvalPrediction

from ..errors import InputError
from ..metrics import fit_thresholds, tagging_metrics
from ..model.modeling_heads import TaggingHeadsMixin
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.tagging import logits_to_scores, steps_per_window
from .arguments import HEAD_SHAPE, TLTRTrainingArguments
from .augmentation import drop_steps, mask_time, mixup, smooth_labels
from .feature_dataset import collate
from .optimisation import EpochSampler, WeightAverage, balanced_weights, step_decay
from .run_folder import check_same_shape, checkpoint_to_resume


class TLTRTrainer(Trainer):
    """Trains one head; the Whisper that it belongs to never gets gradients.

    Args:
        model: a `TLTRForAudioClassification`, or a Whisper-AT model, whose head is then trained in place.
        args: `TLTRTrainingArguments`.
        train_dataset, eval_dataset: a `FeatureDataset`, which gives `pooled_states`, or an `AudioDataset`, which gives
            `input_features`; or any dataset of such items with `labels`. Balanced sampling needs its `targets`.
        encoder: for `input_features`: the Whisper-AT model that encodes them; `model` by default if it is one.
        head: name of the head to train if `model` is a Whisper-AT model.
        previous_head: a head whose answers stand in as targets for the labels that it knows, so that growing a head
            does not unlearn them (learning without forgetting, Li and Hoiem 2016, https://arxiv.org/abs/1606.09282).
        kwargs: those of `Trainer`.

    Raises:
        InputError: a model without that head, or an encoder that is not frozen.
    """

    args: TLTRTrainingArguments

    def __init__(
        self,
        model: nn.Module,
        args: TLTRTrainingArguments,
        train_dataset: Dataset | None = None,
        eval_dataset: Dataset | None = None,
        encoder: nn.Module | None = None,
        head: str | None = None,
        previous_head: TLTRForAudioClassification | None = None,
        **kwargs: Any,
    ):
        if isinstance(model, TaggingHeadsMixin):
            encoder = encoder or model
            model = model.get_head(head)
        if not isinstance(model, TLTRForAudioClassification):
            raise InputError(f"TLTRTrainer trains a TLTR head or a Whisper-AT model's, not a {type(model).__name__}.")
        self.single_label = model.config.problem_type == "single_label_classification"
        self.average = WeightAverage()
        self._draws, self._draws_step = torch.Generator(), -1
        kwargs.setdefault("data_collator", collate)
        kwargs.setdefault("compute_metrics", self._metrics)
        if eval_dataset is None:
            args.eval_strategy, args.load_best_model_at_end = "no", False
        smoothing, args.label_smoothing_factor = args.label_smoothing_factor, 0.0
        super().__init__(model=model, args=args, train_dataset=train_dataset, eval_dataset=eval_dataset, **kwargs)
        # Smoothed targets are made below; the Trainer's own smoother knows token ids only, and warns about others.
        args.label_smoothing_factor = smoothing
        self.encoder = self._frozen(encoder, "backbone")
        self.previous_head = self._frozen(previous_head, "previous head")
        self.add_callback(_AverageEpochEnds(self))
        if args.early_stopping_patience is not None and eval_dataset is not None:
            self.add_callback(EarlyStoppingCallback(args.early_stopping_patience))

    def _frozen(self, module: nn.Module | None, what: str) -> nn.Module | None:
        """`module` on this device, ready to be read from; raises InputError if it could train along."""
        if module is None:
            return None
        if isinstance(module, TLTRForAudioClassification):
            module.requires_grad_(False)
        elif any(parameter.requires_grad for parameter in module.model.parameters()):
            raise InputError(f"The {what} has gradients, but only the head is trained; call freeze_backbone() first.")
        return module.to(self.args.device).eval() if module is not self.model else module

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs: Any):
        """As in transformers; True resumes from the last complete checkpoint, or starts if there is none yet."""
        checkpoint = checkpoint_to_resume(self.args.output_dir, resume_from_checkpoint)
        if checkpoint is not None:
            check_same_shape(checkpoint, {name: getattr(self.model.config, name) for name in HEAD_SHAPE})
        try:
            output = super().train(resume_from_checkpoint=checkpoint and str(checkpoint), **kwargs)
        except pickle.UnpicklingError as error:
            raise InputError(
                f"'{checkpoint}' was refused: it holds other pickled objects than a training's own, which could run "
                "code; name another checkpoint, or start anew with --overwrite."
            ) from error
        if self.average.count:
            self._take_average()
        return output

    def _take_average(self) -> None:
        """Replace the weights by their average; with `load_best_model_at_end` only if that scores at least as well."""
        if not self.args.load_best_model_at_end:
            self.average.copy_to(self.model)
            return
        best = {name: value.clone() for name, value in self.model.state_dict().items()}
        score = self._best_metric()
        self.average.copy_to(self.model)
        averaged = self._best_metric()
        if averaged < score if self.args.greater_is_better else averaged > score:
            self.model.load_state_dict(best)

    def _best_metric(self) -> float:
        name = self.args.metric_for_best_model
        metrics = self.predict(self.eval_dataset, metric_key_prefix="eval").metrics
        return metrics[name if name.startswith("eval_") else f"eval_{name}"]

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler | None:
        dataset = self.train_dataset if train_dataset is None else train_dataset
        if self.args.train_sampling_strategy != "random":
            return super()._get_train_sampler(dataset)
        weights = balanced_weights(np.asarray(dataset.targets)) if self.args.balanced_sampling else None
        size = self._clips_per_epoch(dataset)
        if self.args.dataloader_drop_last and size < self.args.train_batch_size * self.args.world_size:
            raise InputError(
                f"An epoch of {size} clips fills no batch of {self.args.train_batch_size}; "
                "take smaller batches, or leave out --dataloader_drop_last."
            )
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        return EpochSampler(len(dataset), size, weights, seed)

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None):
        """Step decay if `lr_decay_factor` is set, else what `lr_scheduler_type` says."""
        if self.args.lr_decay_factor is None:
            return super().create_scheduler(num_training_steps, optimizer)
        if self.lr_scheduler is None:
            self.lr_scheduler = step_decay(
                self.optimizer if optimizer is None else optimizer,
                warmup_steps=self.args.get_warmup_steps(num_training_steps),
                steps_per_epoch=self._steps_per_epoch(),
                start_epoch=self.args.lr_decay_start_epoch,
                every=self.args.lr_decay_every,
                factor=self.args.lr_decay_factor,
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def _clips_per_epoch(self, dataset: Dataset) -> int:
        return max(1, round(self.args.epoch_share * len(dataset)))

    def _steps_per_epoch(self) -> int:
        clips = self._clips_per_epoch(self.train_dataset)
        batches = math.ceil(clips / (self.args.train_batch_size * self.args.world_size))
        return max(1, batches // self.args.gradient_accumulation_steps)

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        inputs = super()._prepare_inputs(inputs)
        if "input_features" in inputs:
            if self.encoder is None:
                raise InputError(
                    "The data gives input_features, which need an encoder; pass encoder= a Whisper-AT model."
                )
            config = self.model.config
            states = self.encoder.get_pooled_states(inputs.pop("input_features"))
            inputs["pooled_states"] = states[:, :, : steps_per_window(config.window_length_s, config.step_seconds)]
        return inputs

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ):
        """The plain loss when scoring; in training that of augmented features and soft targets."""
        if not model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        states = inputs["pooled_states"].to(torch.float32)
        targets = self._soft_targets(states, inputs["labels"], inputs.get("teacher"))
        if self.args.mixup_rate:
            draws = self._step_draws()
            states, targets = mixup(states, targets, self.args.mixup_rate, self.args.mixup_beta, draws)
        if self.args.time_mask_steps:
            states = mask_time(states, self.args.time_mask_steps, self._step_draws())
        if self.args.step_dropout:
            states = drop_steps(states, self.args.step_dropout, self._step_draws())
        outputs = model(pooled_states=states)
        loss = self.loss_of(outputs.logits, targets)
        return (loss, outputs) if return_outputs else loss

    def loss_of(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The training loss of logits against probabilities, both `(batch, num_labels)`.

        Other losses were tried for teachers of hundreds of labels, and gained nothing (`benchmarks/distillation.py`).
        """
        if self.single_label:
            return nn.functional.cross_entropy(logits, targets)
        return nn.functional.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype))

    def _soft_targets(self, states: torch.Tensor, labels: torch.Tensor, teacher: torch.Tensor | None) -> torch.Tensor:
        """`(batch, num_labels)` probabilities. Both losses are linear in them, so mixing targets mixes losses."""
        num_labels = self.model.config.num_labels
        targets = nn.functional.one_hot(labels.long(), num_labels).float() if self.single_label else labels.float()
        targets = smooth_labels(targets, self.args.label_smoothing_factor)
        if teacher is not None:
            weight = self.args.distillation_weight
            targets = (1 - weight) * targets + weight * teacher.to(targets)
        if self.previous_head is not None:
            with torch.no_grad():
                known = self.previous_head(states).logits.sigmoid()
            places = [self.model.config.label2id[label] for label in self.previous_head.config.labels]
            targets[:, places] = torch.maximum(targets[:, places], known)
        return targets

    def _step_draws(self) -> torch.Generator:
        """Random numbers that depend on seed, step and process only, so that a resumed run draws the same."""
        if self._draws_step != self.state.global_step:
            self._draws_step = self.state.global_step
            self._draws.manual_seed((self.args.seed * 1_000_003 + self._draws_step) * 1_009 + self.args.process_index)
        return self._draws

    def _metrics(self, prediction: EvalPrediction) -> dict[str, float]:
        logits, labels = prediction.predictions, prediction.label_ids
        if not np.isfinite(logits).all():
            raise InputError(
                "The head diverged: its scores are not numbers any more; train with a lower --learning_rate."
            )
        config = self.model.config
        targets = self.indicator(labels)
        return tagging_metrics(self.scores(logits), targets, config.thresholds, self.single_label, config.labels)

    def scores(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities of logits, both `(clips, num_labels)`."""
        return logits_to_scores(torch.as_tensor(logits).double(), self.model.config.problem_type).numpy()

    def indicator(self, labels: np.ndarray) -> np.ndarray:
        """Targets as `(clips, num_labels)` of 0 and 1."""
        return np.eye(self.model.config.num_labels)[labels] if self.single_label else labels

    def fit_thresholds(self, dataset: Dataset | None = None) -> dict[str, float] | None:
        """Fit each label's threshold on `dataset`, by default the validation data, into the head's configuration."""
        if self.single_label:
            return None
        prediction = self.predict(self.eval_dataset if dataset is None else dataset)
        config = self.model.config
        fitted = fit_thresholds(self.scores(prediction.predictions), prediction.label_ids, config.labels)
        # Labels without validation clips keep what they had, as the old ones of a head that grows.
        config.thresholds = {**(config.thresholds or {}), **fitted}
        return config.thresholds

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """The head and its configuration only; the Trainer's would add a pickle of the arguments."""
        self.model.save_pretrained(output_dir or self.args.output_dir, is_main_process=self.args.should_save)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        if self.args.should_save:
            folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
            folder.mkdir(parents=True, exist_ok=True)
            # First, since a checkpoint counts as complete when the Trainer has written its own last file.
            self.average.save(folder)
        super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.average.load(Path(resume_from_checkpoint))


class _AverageEpochEnds(TrainerCallback):
    """Adds the weights at the end of each epoch in the last part of training to the trainer's average."""

    def __init__(self, trainer: TLTRTrainer):
        self._trainer = trainer

    def on_epoch_end(self, args: TLTRTrainingArguments, state: Any, control: Any, **kwargs: Any) -> None:
        start = args.weight_averaging_start
        if start is not None and state.epoch > start * state.num_train_epochs:
            self._trainer.average.add(self._trainer.model)
