"""The trainer on random features: only the head moves, losses are torch's, resumed runs equal uninterrupted ones."""

import numpy as np
import pytest
import tiny
import torch
from safetensors.torch import load_file
from torch.utils.data import Dataset
from transformers import TrainerCallback

from whisper_at_hf import InputError, TLTRForAudioClassification
from whisper_at_hf.training import TLTRTrainer, TLTRTrainingArguments
from whisper_at_hf.training.run_folder import checkpoint_folders

CLIPS, STEPS = 24, 5


class Features(Dataset):
    """Random pooled states; the class decides their mean, so that there is something to learn."""

    def __init__(self, multi_label=False, seed=0, clips=CLIPS):
        rng = np.random.default_rng(seed)
        classes = np.arange(clips) % len(tiny.LABELS)
        means = np.random.default_rng(99).standard_normal((len(tiny.LABELS), 1, 1, tiny.WIDTH))
        noise = rng.standard_normal((clips, tiny.LAYERS, STEPS, tiny.WIDTH))
        self.states = (means[classes] + 0.5 * noise).astype(np.float16)
        self.targets = np.eye(len(tiny.LABELS), dtype=np.float32)[classes] if multi_label else classes

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, row):
        return {"pooled_states": self.states[row], "labels": self.targets[row]}


def arguments(folder, **changes):
    values = {
        "output_dir": str(folder),
        "num_train_epochs": 4,
        "per_device_train_batch_size": 8,
        "learning_rate": 0.01,
        "disable_tqdm": True,
        "use_cpu": True,
    }
    return TLTRTrainingArguments(**{**values, **changes})


def head(multi_label=False, seed=0, **changes):
    torch.manual_seed(seed)
    problem_type = "multi_label_classification" if multi_label else "single_label_classification"
    return TLTRForAudioClassification(tiny.head_config(problem_type=problem_type, **changes))


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("multi_label", [False, True])
def test_learns_and_scores(tmp_path, multi_label):
    data = Features(multi_label)
    trainer = TLTRTrainer(head(multi_label), arguments(tmp_path, num_train_epochs=20), data, Features(multi_label, 1))
    trainer.train()
    metrics = trainer.evaluate()
    assert metrics["eval_map"] > 0.9
    assert metrics["eval_loss"] < 1.0
    assert len([entry for entry in trainer.state.log_history if "eval_loss" in entry]) >= 20


def test_only_the_head_of_a_whole_model_moves_and_is_saved(tmp_path):
    model = tiny.tiny_model()
    model.add_head("other", ["A", "B"])
    before = weights(model)
    data = Features(multi_label=True)
    trainer = TLTRTrainer(model, arguments(tmp_path, save_strategy="no"), data, head="default")
    trainer.train()
    after = weights(model)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved and all(name.startswith("heads.default.") for name in moved)
    trainer.save_model(str(tmp_path / "saved"))
    assert {path.name for path in (tmp_path / "saved").iterdir()} == {"config.json", "model.safetensors"}
    saved = TLTRForAudioClassification.from_pretrained(tmp_path / "saved")
    assert_equal_weights(weights(saved), weights(model.get_head("default")))


def test_an_unfrozen_backbone_is_refused(tmp_path):
    model = tiny.tiny_model()
    model.unfreeze_backbone()
    with pytest.raises(InputError, match="freeze_backbone"):
        TLTRTrainer(model, arguments(tmp_path), Features(multi_label=True))


def test_any_other_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a Linear"):
        TLTRTrainer(torch.nn.Linear(2, 2), arguments(tmp_path), Features())


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_loss_without_augmentation_is_torchs(tmp_path, multi_label):
    data = Features(multi_label)
    model = head(multi_label)
    with torch.no_grad():
        logits = model(torch.from_numpy(data.states).float()).logits
    targets = torch.from_numpy(data.targets)
    loss = torch.nn.functional.binary_cross_entropy_with_logits if multi_label else torch.nn.functional.cross_entropy
    expected = loss(logits, targets)
    options = {"num_train_epochs": 1, "per_device_train_batch_size": CLIPS, "save_strategy": "no"}
    trainer = TLTRTrainer(model, arguments(tmp_path, **options), data)
    trainer.train()
    assert trainer.state.log_history[0]["loss"] == pytest.approx(expected.item(), abs=1e-3)


def test_smoothing_and_the_teacher_move_the_targets(tmp_path):
    args = arguments(tmp_path, label_smoothing_factor=0.2, distillation_weight=0.25)
    trainer = TLTRTrainer(head(), args, Features())
    teacher = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    targets = trainer._soft_targets(torch.zeros(1, tiny.LAYERS, STEPS, tiny.WIDTH), torch.tensor([2]), teacher)
    smooth = torch.tensor([[0.05, 0.05, 0.85, 0.05]])
    torch.testing.assert_close(targets, 0.75 * smooth + 0.25 * teacher)


def test_a_grown_head_keeps_its_answers_for_old_labels(tmp_path):
    """What the old head says stands in for labels that the new clips do not carry."""
    old = head(multi_label=True, labels=["Rain", "Dog"]).eval()
    trainer = TLTRTrainer(head(multi_label=True), arguments(tmp_path), Features(multi_label=True), previous_head=old)
    states = torch.from_numpy(Features().states[:3]).float()
    targets = trainer._soft_targets(states, torch.eye(4)[:3], None)
    known = old(states).logits.sigmoid()
    expected = torch.eye(4)[:3]
    expected[:, [1, 2]] = torch.maximum(expected[:, [1, 2]], known)
    torch.testing.assert_close(targets, expected)


class _StopAt(TrainerCallback):
    """Dies in the middle of training, as a killed process does."""

    def __init__(self, step):
        self.step = step

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            raise KeyboardInterrupt


RECIPE = {"mixup_rate": 0.5, "time_mask_steps": 2, "label_smoothing_factor": 0.1, "balanced_sampling": True}


@pytest.mark.parametrize("stop", [4, 6, 11])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, stop):
    def trainer(folder):
        return TLTRTrainer(head(dropout=0.2), arguments(tmp_path / folder, **RECIPE), Features(), Features(seed=1))

    whole = trainer("whole")
    whole.train()
    killed = trainer("killed")
    killed.add_callback(_StopAt(stop))
    with pytest.raises(KeyboardInterrupt):
        killed.train()
    resumed = trainer("killed")
    resumed.train(resume_from_checkpoint=True)
    assert_equal_weights(weights(resumed.model), weights(whole.model))
    curve = [[entry.get("loss") for entry in run.state.log_history] for run in (resumed, whole)]
    assert curve[0][:-1] == curve[1][:-1]


def test_a_checkpoint_cut_off_in_the_middle_is_passed_over(tmp_path):
    def trainer(folder):
        return TLTRTrainer(head(), arguments(tmp_path / folder, **RECIPE), Features())

    whole = trainer("whole")
    whole.train()
    first = trainer("cut")
    first.add_callback(_StopAt(8))
    with pytest.raises(KeyboardInterrupt):
        first.train()
    last = checkpoint_folders(tmp_path / "cut")[-1]
    (last / "trainer_state.json").write_text('{"global_st')
    resumed = trainer("cut")
    resumed.train(resume_from_checkpoint=True)
    assert_equal_weights(weights(resumed.model), weights(whole.model))


def test_the_result_is_the_average_of_the_second_half(tmp_path):
    args = arguments(tmp_path, weight_averaging_start=0.5, save_total_limit=None)
    trainer = TLTRTrainer(head(), args, Features())
    trainer.train()
    ends = [load_file(folder / "model.safetensors") for folder in checkpoint_folders(tmp_path)]
    assert len(ends) == 4
    for name, value in trainer.model.state_dict().items():
        torch.testing.assert_close(value, (ends[2][name] + ends[3][name]) / 2)


def test_without_averaging_the_last_weights_stay(tmp_path):
    trainer = TLTRTrainer(head(), arguments(tmp_path, weight_averaging_start=None), Features())
    trainer.train()
    last = load_file(checkpoint_folders(tmp_path)[-1] / "model.safetensors")
    assert_equal_weights(weights(trainer.model), last)


def test_early_stopping_ends_training_and_keeps_the_best(tmp_path):
    class Worse(TLTRTrainer):
        """Every evaluation after the second finds a worse head."""

        def _metrics(self, prediction):
            self.seen = getattr(self, "seen", 0) + 1
            return {"map": 1.0 / abs(self.seen - 1.9)}

    args = arguments(
        tmp_path,
        num_train_epochs=50,
        early_stopping_patience=2,
        metric_for_best_model="map",
        greater_is_better=True,
        weight_averaging_start=None,
        save_total_limit=None,
    )
    trainer = Worse(head(), args, Features(), Features(seed=1))
    trainer.train()
    assert trainer.state.epoch == 4
    second = load_file(checkpoint_folders(tmp_path)[1] / "model.safetensors")
    assert_equal_weights(weights(trainer.model), second)


def test_thresholds_are_fitted_on_the_validation_clips_and_saved(tmp_path):
    trainer = TLTRTrainer(head(multi_label=True), arguments(tmp_path), Features(True), Features(True, 1))
    trainer.train()
    fitted = trainer.fit_thresholds()
    trainer.model.save_pretrained(tmp_path / "head")
    assert TLTRForAudioClassification.from_pretrained(tmp_path / "head").config.thresholds == fitted
    assert set(fitted) == set(tiny.LABELS)


def test_audio_features_go_through_the_encoder(tmp_path):
    """`input_features` and the pooled states of the same clips train the same head."""
    model = tiny.tiny_model(heads={})
    mels = tiny.log_mels(CLIPS)
    states = model.get_pooled_states(mels).numpy()
    config = {"window_length_s": STEPS * 0.4}

    class Audio(Features):
        def __getitem__(self, row):
            return {"input_features": mels[row].numpy(), "labels": self.targets[row]}

    class Cached(Features):
        def __getitem__(self, row):
            return {"pooled_states": states[row], "labels": self.targets[row]}

    trained = []
    for data in (Audio(), Cached()):
        trainer = TLTRTrainer(head(**config), arguments(tmp_path, save_strategy="no"), data, data, encoder=model)
        trainer.train()
        trained.append(weights(trainer.model))
    for name in trained[0]:
        torch.testing.assert_close(trained[0][name], trained[1][name], rtol=1e-4, atol=1e-5)


def test_audio_features_without_an_encoder_are_refused(tmp_path):
    class Audio(Features):
        def __getitem__(self, row):
            return {"input_features": np.zeros((tiny.MELS, tiny.FRAMES), np.float32), "labels": self.targets[row]}

    with pytest.raises(InputError, match="encoder="):
        TLTRTrainer(head(), arguments(tmp_path), Audio()).train()


def test_bfloat16_trains(tmp_path):
    trainer = TLTRTrainer(head(), arguments(tmp_path, bf16=True, num_train_epochs=20), Features(), Features(seed=1))
    trainer.train()
    assert trainer.evaluate()["eval_accuracy"] > 0.9
    assert all(value.dtype == torch.float32 for value in trainer.model.state_dict().values())
