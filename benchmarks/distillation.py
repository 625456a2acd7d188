"""How best to learn hundreds of labels from a teacher: starts, losses and sizes, on windows of recordings held out.

    python benchmarks/distillation.py SCENES [--whisper WHISPER] [--windows 3000]

SCENES is a folder of `assets_source/render_broad_scenes.py` with its `teacher.csv`. Each candidate differs from the
first one in one thing, learns from the same windows of `train.csv`, and is compared with the teacher on those of
`validation.csv`, which are made of other recordings: `top 1` and `top 5` are the share of windows whose strongest
label (of at least 0.3) is among the head's first and first five, `AP` is the mean average precision over labels that
the teacher gives 0.3 in at least five windows, `spread` the largest standard deviation of a logit over windows: near
zero, all windows look alike. Prints a table and writes `benchmarks/distillation.json`. No test recording is read.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import nn

from whisper_at_hf.training import TLTRTrainer
from whisper_at_hf.training.distillation import load_teacher
from whisper_at_hf.training.fitting import Parts, make_head
from whisper_at_hf.training.prepare import prepare, split_rows
from whisper_at_hf.training.recipes import parse_arguments

HEARD, LEAST_WINDOWS = 0.3, 5
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
COMMON = {
    "labels": "audioset",
    "problem_type": "multi_label_classification",
    "distillation_weight": 1.0,
    "projection_dim": 64,
    "projection_per_layer": True,
    "learning_rate": 3e-3,
    "lr_scheduler_type": "cosine",
    "weight_decay": 0.05,
    "num_train_epochs": 20,
    "mixup_rate": 0.5,
    "step_dropout": 0.5,
    "eval_strategy": "no",
    "logging_strategy": "no",
    "save_strategy": "no",
    "use_cpu": True,
    "disable_tqdm": True,
}


@dataclass
class Candidate:
    """What differs from the first one: flags, the loss, or that the bias starts at zero."""

    flags: dict[str, Any] = field(default_factory=dict)
    loss: Callable[[np.ndarray], Loss] | None = None
    zero_bias: bool = False


def softened(temperature: float) -> Callable[[np.ndarray], Loss]:
    """Teacher and head at a temperature (Hinton et al. 2015, https://arxiv.org/abs/1503.02531)."""

    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        soft = torch.sigmoid(torch.logit(targets.clamp(1e-6, 1 - 1e-6)) / temperature)
        return nn.functional.binary_cross_entropy_with_logits(logits / temperature, soft)

    return lambda taught: loss


def weighted(most: float) -> Callable[[np.ndarray], Loss]:
    """Rare labels' presence counts more, by their odds, up to `most` times."""

    def make(taught: np.ndarray) -> Loss:
        rates = torch.from_numpy(taught.mean(axis=0))
        weights = ((1 - rates) / rates.clamp(min=1e-4)).clamp(1, most)
        return lambda logits, targets: nn.functional.binary_cross_entropy_with_logits(
            logits, targets, pos_weight=weights
        )

    return make


def balanced(taught: np.ndarray) -> Loss:
    """Each label's loss as a part of what guessing its base rate costs, so that all count the same."""
    rates = torch.from_numpy(taught.mean(axis=0)).clamp(1e-4, 1 - 1e-4)
    entropy = -(rates * rates.log() + (1 - rates) * (1 - rates).log())

    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        each = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return (each.mean(dim=0) / entropy.clamp(min=1e-3)).mean()

    return loss


def of_logits(taught: np.ndarray) -> Loss:
    """The squared difference of logits instead of the cross-entropy of probabilities."""
    return lambda logits, targets: ((logits - torch.logit(targets.clamp(1e-6, 1 - 1e-6))) ** 2).mean()


CANDIDATES = {
    "the default": Candidate(),
    "bias starts at zero": Candidate(zero_bias=True),
    "bias starts at zero, rate 0.001": Candidate({"learning_rate": 1e-3}, zero_bias=True),
    "rate 0.001": Candidate({"learning_rate": 1e-3}),
    "one projection of 128": Candidate({"projection_dim": 128, "projection_per_layer": False}),
    "no mixup": Candidate({"mixup_rate": 0.0}),
    "weight decay 0.2": Candidate({"weight_decay": 0.2}),
    "temperature 2": Candidate(loss=softened(2.0)),
    "positives up to 10 times": Candidate(loss=weighted(10.0)),
    "labels balanced": Candidate(loss=balanced),
    "loss of logits": Candidate(loss=of_logits),
    "40 epochs": Candidate({"num_train_epochs": 40}),
}


class Student(TLTRTrainer):
    """The trainer with another loss."""

    other_loss: Loss | None = None

    def loss_of(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return super().loss_of(logits, targets) if self.other_loss is None else self.other_loss(logits, targets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, metavar="SCENES")
    parser.add_argument("--whisper", help="Whisper folder or hub id; the embedded one if left out")
    parser.add_argument("--cache", help="folder for encoded features; default: the user's cache")
    parser.add_argument("--windows", type=int, default=3000, help="windows to learn from")
    parser.add_argument("--candidate", nargs="+", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    args = parser.parse_args()
    parts, taught = load(args)
    results = {"windows": len(parts.train[0]), "held_out": len(taught), "candidates": {}}
    print("| candidate | top 1 | top 5 | AP | spread |\n|---|---|---|---|---|", flush=True)
    for name in args.candidate:
        scores = agreement(learn(parts, CANDIDATES[name]), taught)
        results["candidates"][name] = scores
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in scores.values()) + " |", flush=True)
        args.output.write_text(json.dumps(results, indent=2) + "\n")


def load(args: argparse.Namespace) -> tuple[Parts, np.ndarray]:
    """The windows with their features, and what the teacher says of those held out, `(windows, num_labels)`."""
    scenes = args.scenes
    values = {"train": [str(scenes / "train.csv")], "validation": [str(scenes / "validation.csv")]}
    values |= {"teacher": str(scenes / "teacher.csv"), "whisper": args.whisper, "cache_dir": args.cache}
    data, head, training = parse_arguments([], **COMMON, **values, output_dir="unused")
    parts = prepare(split_rows(data, training.seed), data, head, print)
    chosen = np.random.default_rng(0).permutation(len(parts.train[0]))[: args.windows]
    parts.train = [parts.train[0].select(sorted(chosen.tolist()))]
    return parts, load_teacher(data.teacher, parts.validation.rows, parts.labels)


def learn(parts: Parts, candidate: Candidate) -> np.ndarray:
    """Train a head; its logits `(windows, num_labels)` on the windows held out."""
    _, head, training = parse_arguments([], **{**COMMON, **candidate.flags}, train=["-"], output_dir="unused")
    torch.manual_seed(0)
    model, _ = make_head(parts, head, training.distillation_weight)
    if candidate.zero_bias:
        model.classifier.bias.data.zero_()
    trainer = Student(model, training, parts.train[0].dataset())
    if candidate.loss is not None:
        trainer.other_loss = candidate.loss(parts.train[0].taught_targets(1.0))
    trainer.train()
    return trainer.predict(parts.validation.dataset()).predictions


def agreement(logits: np.ndarray, taught: np.ndarray) -> dict[str, float]:
    """How far a head says what its teacher says, both `(windows, num_labels)`."""
    heard = taught >= HEARD
    sure = heard.any(axis=1)
    best, order = taught[sure].argmax(axis=1), np.argsort(-logits[sure], axis=1)
    labels = np.flatnonzero(heard.sum(axis=0) >= LEAST_WINDOWS)
    return {
        "top 1": float((order[:, 0] == best).mean()),
        "top 5": float((order[:, :5] == best[:, None]).any(axis=1).mean()),
        "AP": float(np.mean([average_precision_score(heard[:, label], logits[:, label]) for label in labels])),
        "spread": float(logits.std(axis=0).max()),
    }


if __name__ == "__main__":
    main()
