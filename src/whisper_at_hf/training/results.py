"""What a run leaves in `results.json`: scores, data, arguments, versions."""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..cards import head_facts
from ..data.checks import label_counts
from .arguments import DataArguments, TLTRTrainingArguments
from .clips import Clips
from .fitting import Parts, Scores, table
from .trainer import TLTRTrainer

_RECIPE_ARGUMENTS = (
    *("num_train_epochs", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "seed"),
    *("learning_rate", "lr_scheduler_type", "warmup_steps"),
    *("lr_decay_factor", "lr_decay_start_epoch", "lr_decay_every", "optim", "adam_beta1", "adam_beta2"),
    *("weight_decay", "max_grad_norm", "bf16", "fp16", "step_dropout"),
    *("balanced_sampling", "epoch_share", "mixup_rate", "mixup_beta", "time_mask_steps", "label_smoothing_factor"),
    *("distillation_weight", "weight_averaging_start", "early_stopping_patience"),
)
_PACKAGES = ("whisper-at-hf", "transformers", "torch", "datasets", "accelerate", "scikit-learn")


def collect_results(
    trainer: TLTRTrainer, parts: Parts, scored: dict[str, Scores], data: DataArguments, args: TLTRTrainingArguments
) -> dict[str, Any]:
    """Scores and all that the card needs."""
    config = trainer.model.config
    results: dict[str, Any] = {key: value for part in scored.values() for key, value in part.metrics.items()}
    results |= {
        "name": Path(args.output_dir).resolve().name,
        "whisper": data.whisper or "openai/whisper-tiny.en",
        "encoder_sha256": parts.train[0].cache.spec.encoder,
        **head_facts(config),
        "data": {
            "train": describe(parts.train[0], data.train),
            "validation": describe(parts.validation, data.validation or data.train),
            "test": describe(parts.test, data.test or data.train),
        },
        "notes": parts.notes,
        "training_arguments": chosen_arguments(args),
        "train_runtime_s": sum(entry.get("train_runtime", 0.0) for entry in trainer.state.log_history),
        "versions": {package: version(package) for package in _PACKAGES},
    }
    for name, scores in scored.items():
        results[name] = {key.split("_", 1)[1]: value for key, value in scores.metrics.items()}
        results["label_table"], results["label_table_split"] = table(trainer, scores), name
    return results


def describe(clips: Clips | None, sources: list[str]) -> dict[str, Any] | None:
    """Where clips come from and how many there are."""
    if clips is None:
        return None
    names = ", ".join(Path(source).name for source in sources)
    return {"source": names, "clips": len(clips), "clips_per_label": dict(sorted(label_counts(clips.rows).items()))}


def chosen_arguments(args: TLTRTrainingArguments) -> dict[str, Any]:
    """The arguments that make the recipe."""
    values = asdict(args)
    return {name: getattr(values[name], "value", values[name]) for name in _RECIPE_ARGUMENTS}
