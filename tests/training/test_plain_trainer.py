"""Transformers' own Trainer on a Whisper-AT: only the head moves, and what people do with a Trainer works.

`docs/trainer.md` is run block by block, on tones and a tiny random Whisper.
"""

import datasets
import plain_trainer
import pytest
import tiny
import torch
from labelled_sounds import PITCHES, write_csv, write_tones
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

from whisper_at_hf import InputError, TLTRForAudioClassification, WhisperATForAudioClassification

LABELS = ["a", "b"]
SINGLE = "single_label_classification"
# PEFT asks transformers for an attribute that is on its way out.
PEFT = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
ENCODER = r"model\.encoder\..*\.(q_proj|v_proj)"


def make_model(seed=0):
    return tiny.tiny_model(
        WhisperATForAudioClassification, seed, heads={"default": tiny.head_config(LABELS, problem_type=SINGLE)}
    )


def make_data(clips=8, seed=0):
    """Frames whose mean tells the class; a list is a dataset to the Trainer."""
    mels = tiny.log_mels(clips, seed=seed)
    return [{"input_features": mel + 2 * (row % 2), "labels": row % 2} for row, mel in enumerate(mels)]


def accuracy(prediction):
    return {"accuracy": float((prediction.predictions.argmax(axis=-1) == prediction.label_ids).mean())}


def make_trainer(folder, model=None, **changes):
    own = {name: changes.pop(name) for name in ("compute_loss_func", "callbacks", "model_init") if name in changes}
    values = {"num_train_epochs": 2, "per_device_train_batch_size": 4, "learning_rate": 0.01, "save_strategy": "no"}
    fixed = {"report_to": "none", "use_cpu": True, "disable_tqdm": True}
    arguments = TrainingArguments(folder, **{**values, **changes}, **fixed)
    data = {"train_dataset": make_data(), "eval_dataset": make_data(seed=1), "compute_metrics": accuracy}
    return Trainer(model, arguments, **data, **own)


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def moved(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.long
@PEFT
def test_the_page_runs(tmp_path, monkeypatch, whisper_folder):
    """All blocks in one namespace, but for the tokenizer that the tiny Whisper lacks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    for part, clips in (("train", 2), ("test", 1)):
        labels = [label for label in PITCHES for _ in range(clips)]
        names = write_tones(tmp_path / part, [[label] for label in labels])
        rows = [(tmp_path / part / name, label) for name, label in zip(names, labels, strict=True)]
        write_csv(tmp_path / f"{part}.csv", rows)
    page = {}
    for block in plain_trainer.blocks(WHISPER=str(whisper_folder), SECONDS=2, TRIALS=2):
        block = block.replace("num_train_epochs=20", "num_train_epochs=1, disable_tqdm=True")
        exec(block.split("pipe = pipeline(")[0], page)
    assert page["clips"]["train"].features["labels"].dtype == "int64" and page["labels"] == sorted(PITCHES)
    assert TLTRForAudioClassification.from_pretrained("my-head").config.labels == page["labels"]
    assert set(page["best"].hyperparameters) == {"learning_rate"}
    batch = torch.tensor(page["clips"]["test"]["input_features"][:])
    logits = WhisperATForAudioClassification.from_pretrained("my-model")(batch).logits
    torch.testing.assert_close(logits, page["merged"](batch).logits)


def test_only_the_head_moves_and_a_saved_model_scores_the_same(tmp_path):
    model = make_model()
    before = weights(model)
    trainer = make_trainer(tmp_path / "run", model, num_train_epochs=10)
    trainer.train()
    assert moved(before, weights(model)) and all(name.startswith("heads.") for name in moved(before, weights(model)))
    metrics = trainer.evaluate()
    assert metrics["eval_accuracy"] == 1.0
    trainer.save_model(tmp_path / "saved")
    loaded = WhisperATForAudioClassification.from_pretrained(tmp_path / "saved")
    again = make_trainer(tmp_path / "run", loaded).evaluate()
    assert again["eval_loss"] == pytest.approx(metrics["eval_loss"], abs=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_accumulated_batches_count_as_one(tmp_path, weighted):
    """With the model's own loss and with the page's loss of weighted classes."""
    own = {"compute_loss_func": weighted_loss()} if weighted else {}
    results = []
    for batch, accumulation in ((8, 1), (2, 4)):
        sizes = {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation}
        model = make_model()
        make_trainer(tmp_path, model, max_steps=1, optim="sgd", max_grad_norm=0, **sizes, **own).train()
        results.append(weights(model))
    assert moved(weights(make_model()), results[0])
    for name, value in results[0].items():
        torch.testing.assert_close(value, results[1][name], rtol=1e-4, atol=1e-6)


def weighted_loss():
    """The function of the page, for labels with 1 and 3 clips: weights 2 and 2/3."""
    block = next(block for block in plain_trainer.blocks() if "def weighted_loss" in block)
    names = {"torch": torch, "labels": LABELS, "states": {"train": {"labels": [0, 1, 1, 1]}}}
    exec(block.split("Trainer(")[0], names)
    torch.testing.assert_close(names["weights"], torch.tensor([2.0, 2 / 3]))
    return names["weighted_loss"]


def test_weights_weigh():
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0]])
    outputs = type("Outputs", (), {"logits": logits})
    loss = weighted_loss()(outputs, torch.tensor([0, 1]))
    torch.testing.assert_close(loss, torch.tensor((2 + 2 / 3) * 0.5).mul(torch.tensor(2.0).log()))


class _StopAt(TrainerCallback):
    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == 3:
            raise KeyboardInterrupt


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path):
    def train(folder, resume=None, **own):
        set_seed(0)
        trainer = make_trainer(tmp_path / folder, make_model(), save_strategy="epoch", num_train_epochs=3, **own)
        trainer.train(resume_from_checkpoint=resume)
        return weights(trainer.model)

    whole = train("whole")
    with pytest.raises(KeyboardInterrupt):
        train("killed", callbacks=[_StopAt()])
    assert not moved(whole, train("killed", resume=True))


def test_the_best_model_is_taken(tmp_path):
    """ "Best" is turned around here, since the last one would be best otherwise."""
    steps = {"eval_strategy": "epoch", "save_strategy": "epoch", "num_train_epochs": 4}
    best = {"load_best_model_at_end": True, "metric_for_best_model": "loss", "greater_is_better": True}
    trainer = make_trainer(tmp_path, make_model(), learning_rate=0.3, **steps, **best)
    trainer.train()
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert losses[-1] < max(losses)
    assert trainer.evaluate()["eval_loss"] == pytest.approx(max(losses), abs=1e-6)


@PEFT
@pytest.mark.parametrize("target", [ENCODER, r"heads\..*\.(fc1|fc2)"], ids=["encoder", "head"])
def test_lora_trains_saves_loads_and_merges(tmp_path, target):
    from peft import LoraConfig, PeftModel, get_peft_model

    saved = ["heads.default"] if target == ENCODER else None
    adapted = get_peft_model(make_model(), LoraConfig(target_modules=target, modules_to_save=saved, lora_dropout=0.1))
    before = weights(adapted)
    make_trainer(tmp_path / "run", adapted).train()
    changed = moved(before, weights(adapted))
    assert {name for name, value in adapted.named_parameters() if value.requires_grad} == changed
    assert any("lora_B" in name and ("encoder" in name) == (target == ENCODER) for name in changed)
    adapted.eval()
    frames = tiny.log_mels(2)
    logits = adapted(input_features=frames).logits
    adapted.save_pretrained(tmp_path / "adapter")
    loaded = PeftModel.from_pretrained(make_model(), tmp_path / "adapter").eval()
    torch.testing.assert_close(loaded(input_features=frames).logits, logits)
    loaded.merge_and_unload().save_pretrained(tmp_path / "merged")
    merged = WhisperATForAudioClassification.from_pretrained(tmp_path / "merged")
    torch.testing.assert_close(merged(frames).logits, logits, rtol=1e-4, atol=1e-5)
    assert merged.tag(frames, at_time_res=2.0) == adapted.merge_and_unload().tag(frames, at_time_res=2.0)


@PEFT
def test_the_dropout_of_adapters_in_a_frozen_encoder_is_on_in_training_only():
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(
        make_model(), LoraConfig(target_modules=ENCODER, lora_dropout=0.5, init_lora_weights=False)
    )
    frames = tiny.log_mels(1)
    assert not _same_in(adapted.train(), frames) and _same_in(adapted.eval(), frames)


def _same_in(model, frames):
    return torch.equal(model(input_features=frames).logits, model(input_features=frames).logits)


def test_a_fresh_head_may_be_single_label(whisper_folder):
    options = {"labels": LABELS, "problem_type": SINGLE}
    model = WhisperATForAudioClassification.from_whisper(whisper_folder, **options)
    assert model.get_head().config.problem_type == model.config.problem_type == SINGLE
    with pytest.raises(InputError, match="labels="):
        WhisperATForAudioClassification.from_whisper(whisper_folder, problem_type=SINGLE)


def test_one_label_a_clip_for_a_multi_label_head_is_refused(whisper_folder):
    model = WhisperATForAudioClassification.from_whisper(whisper_folder, labels=LABELS)
    with pytest.raises(InputError, match='problem_type="single_label_classification"'):
        model(tiny.log_mels(2), labels=torch.tensor([0, 1]))
