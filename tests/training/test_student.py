"""A head that learns hundreds of labels from a teacher alone: it ranks clips and labels as its teacher does."""

import numpy as np
import pytest
import tiny
import torch
from scipy.stats import spearmanr
from torch.utils.data import Dataset

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.training import TLTRTrainer, TLTRTrainingArguments
from whisper_at_hf.training.heads import initialise_bias, initialise_from_states

NUM_LABELS, STEPS = 500, 5
MULTI = "multi_label_classification"


class Taught(Dataset):
    """Random pooled states, and what a linear teacher says of their means: every label is rare, at its own rate."""

    def __init__(self, clips, seed):
        truth = np.random.default_rng(99)
        weights = truth.standard_normal((tiny.WIDTH, NUM_LABELS)) * 0.7
        rarity = truth.uniform(-9, -4, NUM_LABELS)
        rng = np.random.default_rng(seed)
        means = rng.standard_normal((clips, 1, 1, tiny.WIDTH))
        noise = rng.standard_normal((clips, tiny.LAYERS, STEPS, tiny.WIDTH))
        # As Whisper's: far from zero, and a few dimensions far larger than the others.
        scales = np.where(np.arange(tiny.WIDTH) < 2, 50.0, 1.0)
        self.states = ((means + 0.3 * noise + 2.0) * scales).astype(np.float16)
        self.logits = means[:, 0, 0] @ weights + rarity
        self.probabilities = (1 / (1 + np.exp(-self.logits))).astype(np.float32)
        self.targets = np.zeros((clips, NUM_LABELS), np.float32)

    def __len__(self):
        return len(self.states)

    def __getitem__(self, row):
        return {
            "pooled_states": self.states[row],
            "labels": self.targets[row],
            "teacher": self.probabilities[row],
        }


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """A head that was trained as `whisper-at train --teacher ... --distillation_weight 1` trains it."""
    data = Taught(1000, seed=1)
    torch.manual_seed(0)
    labels = [f"label {index}" for index in range(NUM_LABELS)]
    head = TLTRForAudioClassification(tiny.head_config(labels, problem_type=MULTI, init_std=0.02))
    initialise_from_states(head, torch.from_numpy(data.states[:300]).float())
    initialise_bias(head, torch.from_numpy(data.probabilities))
    args = TLTRTrainingArguments(
        output_dir=str(tmp_path_factory.mktemp("student")),
        num_train_epochs=60,
        per_device_train_batch_size=48,
        learning_rate=3e-3,
        weight_decay=0.05,
        mixup_rate=0.5,
        step_dropout=0.5,
        distillation_weight=1.0,
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = TLTRTrainer(head, args, data)
    trainer.train()
    trainer.model.save_pretrained(args.output_dir)
    return TLTRForAudioClassification.from_pretrained(args.output_dir).eval()


@pytest.fixture(scope="module")
def answers(student):
    """`(clips, labels)` logits of the student and of its teacher on clips that neither has seen."""
    unseen = Taught(200, seed=2)
    with torch.no_grad():
        return student(torch.from_numpy(unseen.states)).logits.numpy(), unseen.logits


def test_clips_do_not_all_look_alike(answers):
    student, teacher = answers
    assert np.median(student.std(axis=0)) > 0.3 * np.median(teacher.std(axis=0))


def test_each_label_ranks_the_clips_as_the_teacher_does(answers):
    student, teacher = answers
    common = np.argsort(-teacher.mean(axis=0))[:100]
    correlations = [spearmanr(student[:, label], teacher[:, label])[0] for label in common]
    assert np.median(correlations) > 0.8


def test_each_clip_has_the_teachers_labels(answers):
    student, teacher = answers
    best, five = teacher.argmax(axis=1), np.argsort(-student, axis=1)[:, :5]
    assert np.mean([label in row for label, row in zip(best, five, strict=True)]) > 0.8


def test_they_are_no_likelier_than_the_teacher_says(answers):
    student, teacher = (1 / (1 + np.exp(-logits)) for logits in answers)
    assert student.mean() == pytest.approx(teacher.mean(), rel=0.2)
