"""Whole runs on a tiny random Whisper: what lies in the folder at the end, and every way to start one."""

import json

import numpy as np
import pytest
import torch
from datasets import Dataset
from labelled_sounds import PITCHES, write_csv, write_tones
from safetensors.torch import load_file

from whisper_at_hf import InputError, TLTRForAudioClassification
from whisper_at_hf.training import AudioDataset, fitting, run_training
from whisper_at_hf.training import prepare as prepare_module
from whisper_at_hf.training import run as run_module
from whisper_at_hf.training.prepare import prepare, split_rows
from whisper_at_hf.training.results import describe
from whisper_at_hf.training.run_folder import checkpoint_folders

LABELS = sorted(PITCHES)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def single(clips):
    return ["--train", clips / "train.csv", "--validation", clips / "val.csv"]


@pytest.fixture
def multi(clips):
    return ["--train", clips / "multi.csv", "--validation", clips / "multi-val.csv"]


def names(folder):
    return {path.name for path in folder.iterdir()}


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_what_is_going_on_is_told_to_the_caller_alone(arguments, single, tmp_path, capsys):
    said = []
    run_training(*arguments(*single, cache_dir=str(tmp_path / "features")), announce=said.append)
    assert said[0].startswith("18 clips, 18 to encode") and said[-1].startswith("Encoded 6 clips")
    shown = capsys.readouterr()
    assert not any(line in shown.out + shown.err for line in said)


def test_a_single_label_run_leaves_all_that_it_promises(run, single, folder):
    results = run(*single, num_train_epochs=8)
    files = {"model.safetensors", "config.json", "README.md", "results.json", "curves.png", "confusion_matrix.png"}
    assert names(folder) == files
    assert json.loads((folder / "results.json").read_text()) == json.loads(json.dumps(results))
    assert results["eval_accuracy"] == results["validation"]["accuracy"] > 0.9
    assert results["labels"] == LABELS and results["problem_type"] == "single_label_classification"
    assert results["data"]["train"] == {
        "source": "train.csv",
        "clips": 18,
        "clips_per_label": dict.fromkeys(LABELS, 6),
    }
    head = TLTRForAudioClassification.from_pretrained(folder)
    assert head.config.labels == LABELS and head.config.thresholds is None
    assert (head.config.window_length_s, head.config.input_padding) == (1.2, "trim")


def test_a_multi_label_run_fits_thresholds_and_plots_labels(run, multi, folder):
    results = run(*multi, num_train_epochs=8)
    assert {"label_scores.png", "curves.png", "README.md"} <= names(folder)
    assert "confusion_matrix.png" not in names(folder)
    config = TLTRForAudioClassification.from_pretrained(folder).config
    assert config.problem_type == "multi_label_classification"
    assert config.thresholds == results["thresholds"] and set(config.thresholds) == set(LABELS)
    assert [row["label"] for row in results["label_table"]] == LABELS


@pytest.mark.long
def test_a_projection_per_layer_is_where_tltr_has_one(run, single, folder):
    flags = ["--projection_dim", 16, "--projection_per_layer"]
    results = run(*single, *flags, num_train_epochs=8)
    assert results["eval_accuracy"] > 0.9 and results["head"]["projection_per_layer"] is True
    assert "projected to 16 dimensions, each layer by itself" in (folder / "README.md").read_text()
    layers = weights(folder)["projection.0.weight"], weights(folder)["projection.1.weight"]
    assert not torch.equal(*layers)
    again = run(*single, "--init_head", folder, output_dir=str(folder / "again"), num_train_epochs=1)
    assert again["head"]["projection_per_layer"] is True
    # The paper's other heads join the layers first; a preset's advice does not stand in their way.
    mean = run(*single, *flags, "--aggregation", "mean", output_dir=str(folder / "mean"), num_train_epochs=1)
    assert mean["head"]["projection_per_layer"] is False


def test_a_run_cannot_go_on_with_a_head_of_another_shape(run, single, clips, folder):
    flags = ["--projection_dim", 16]
    run(*single, *flags, save_strategy="epoch", num_train_epochs=1, output_dir=str(folder / "whole"))
    trainer = fitting.TLTRTrainer
    with pytest.MonkeyPatch.context() as patch:  # stopped after its last checkpoint
        patch.setattr(trainer, "predict", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            run(*single, *flags, save_strategy="epoch", eval_strategy="no", num_train_epochs=1)
    assert checkpoint_folders(folder)
    with pytest.raises(InputError, match="checkpoint-.*projection_per_layer=False, and this run is told True"):
        run(*single, *flags, "--projection_per_layer", resume_from_checkpoint="True")


@pytest.mark.long
def test_one_seed_one_head(run, single, folder):
    for name in ("one", "same", "other"):
        run(*single, output_dir=str(folder / name), mixup_rate=0.5, seed=2 if name == "other" else 1)
    one, same, other = ((folder / name / "model.safetensors").read_bytes() for name in ("one", "same", "other"))
    assert one == same != other


def test_the_test_data_is_scored_last(run, single, clips):
    results = run(*single, "--test", clips / "test.csv", num_train_epochs=8)
    assert results["test_accuracy"] > 0.9 and results["eval_accuracy"] > 0.9
    assert results["label_table_split"] == "test" and results["data"]["test"]["clips"] == 6


def test_folds_can_be_held_out(run, clips):
    results = run("--train", clips / "all.csv", "--test_fold", 2, "--validation_fold", 4)
    assert [results["data"][part]["clips"] for part in ("train", "validation", "test")] == [12, 6, 6]


def test_without_validation_data_a_share_is_held_out(run, clips, folder):
    results = run("--train", clips / "train.csv")
    assert [results["data"][part]["clips"] for part in ("train", "validation")] == [15, 3]
    results = run("--train", clips / "train.csv", "--validation_share", 0, output_dir=str(folder / "all"))
    assert results["data"]["train"]["clips"] == 18 and results["data"]["validation"] is None
    assert "eval_accuracy" not in results


def test_refit_trains_on_the_validation_clips_too(run, multi, folder, tmp_path, monkeypatch):
    trained = []
    fit_head = fitting.fit_head

    def spy(parts, *args, **kwargs):
        trained.append((sum(map(len, parts.train)), parts.validation is None))
        return fit_head(parts, *args, **kwargs)

    monkeypatch.setattr(run_module, "fit_head", spy)
    results = run(*multi, "--refit", cache_dir=str(tmp_path / "features"))
    assert trained == [(24, False), (36, True)]
    config = TLTRForAudioClassification.from_pretrained(folder).config
    assert config.thresholds == results["thresholds"] and set(config.thresholds) == set(LABELS)
    assert "refit" not in names(folder) and not checkpoint_folders(folder)


def test_a_head_can_start_from_another(run, single, folder):
    run(*single, num_train_epochs=8)
    again = folder / "again"
    still = {"learning_rate": 1e-12, "num_train_epochs": 1}
    results = run(*single, "--init_head", folder, output_dir=str(again), **still)
    assert results["eval_accuracy"] > 0.9
    for name, value in weights(folder).items():
        torch.testing.assert_close(weights(again)[name], value, rtol=1e-6, atol=1e-9)


def test_a_multi_label_head_grows(run, multi, clips, folder, tmp_path):
    run(*multi, num_train_epochs=8)
    names = write_tones(tmp_path / "new", [["low", "mid", "high"]] * 6, seed=5)
    rows = [(f"new/{name}", "chord") for name in names]
    train, validation = write_csv(tmp_path / "new.csv", rows[:4]), write_csv(tmp_path / "new-val.csv", rows[4:])
    flags = ["--train", train, "--validation", validation, "--init_head", folder, "--grow"]
    results = run(*flags, output_dir=str(tmp_path / "grown"))
    assert results["labels"] == [*LABELS, "chord"] and results["problem_type"] == "multi_label_classification"
    grown = TLTRForAudioClassification.from_pretrained(tmp_path / "grown")
    assert grown.config.labels == [*LABELS, "chord"]
    old = TLTRForAudioClassification.from_pretrained(folder)
    assert {label: grown.config.thresholds[label] for label in LABELS} == old.config.thresholds
    assert results["notes"] == []


def test_growing_needs_a_multi_label_head_to_grow(run, single, multi, folder):
    with pytest.raises(InputError, match="--init_head"):
        run(*multi, "--grow")
    run(*single, "--save_strategy", "no")
    with pytest.raises(InputError, match="multi-label"):
        flags = ["--init_head", folder, "--problem_type", "single_label_classification"]
        run(*single, "--grow", *flags, output_dir=str(folder / "x"))
    with pytest.raises(InputError, match="gives each clip one label"):
        run(*single, "--grow", "--init_head", folder, output_dir=str(folder / "x"))


def test_missing_clips_stop_the_run_or_are_skipped(run, single, clips, tmp_path):
    rows = [line.split(",") for line in (clips / "train.csv").read_text().split()[1:]]
    listed = [(clips / path, label) for path, label in rows] + [(tmp_path / "gone.wav", "low")]
    train = write_csv(tmp_path / "train.csv", listed)
    with pytest.raises(InputError, match="gone.wav.*--skip_missing"):
        run(*single, "--train", train)
    with pytest.warns(UserWarning, match="gone.wav"):
        results = run(*single, "--train", train, "--skip_missing", num_train_epochs=1)
    assert results["data"]["train"]["clips"] == len(rows)


def test_a_head_learns_its_teacher(run, single, clips, tmp_path):
    """A teacher with all the say, who calls low what is high and the reverse."""
    rows = [line.split(",") for line in (clips / "train.csv").read_text().split()[1:]]
    answers = {"low": (0, 0, 1), "mid": (0, 1, 0), "high": (1, 0, 0)}
    lines = [(clips / path, *answers[label]) for path, label in rows]
    teacher = write_csv(tmp_path / "teacher.csv", lines, ("path", "low", "mid", "high"))
    flags = ["--teacher", teacher, "--distillation_weight", 1.0]
    results = run(*single, *flags, num_train_epochs=15, learning_rate=0.01)
    recall = {row["label"]: row["recall"] for row in results["label_table"]}
    assert recall == {"low": 0.0, "mid": 1.0, "high": 0.0}


@pytest.mark.long
def test_audio_can_be_changed_on_the_fly(run, multi, clips, monkeypatch):
    datasets = []
    fit_head = fitting.fit_head

    def spy(*args, **kwargs):
        datasets.append(kwargs["train_dataset"])
        return fit_head(*args, **kwargs)

    monkeypatch.setattr(run_module, "fit_head", spy)
    speech = ["--speech", clips / "test.csv", "--speech_label", "low", "--speech_snr_db", 3]
    results = run(*multi, "--on_the_fly", "--gain_db", 3, "--noise_snr_db", 20, *speech, "--refit")
    assert all(isinstance(dataset, AudioDataset) for dataset in datasets)
    assert [len(dataset) for dataset in datasets] == [24, 36]
    assert 0 <= results["eval_map"] <= 1


def test_clips_can_be_learnt_from_under_two_paddings(run, arguments, single):
    data, head, args = arguments(*single, "--extra_padding", "pad")
    parts = prepare(split_rows(data, args.seed), data, head)
    assert [(clips.cache.spec.padding, len(clips)) for clips in parts.train] == [("trim", 18), ("pad", 18)]
    assert parts.validation.cache.spec.padding == "trim"
    assert run(*single, "--extra_padding", "pad", num_train_epochs=8)["eval_accuracy"] > 0.9


def test_an_unreadable_clip_is_left_out(run, clips, tmp_path):
    (tmp_path / "broken.wav").write_text("This is not audio. " * 50)
    csv = tmp_path / "train.csv"
    lines = [
        (clips / path, label) for path, label in (x.split(",") for x in (clips / "train.csv").read_text().split())
    ]
    write_csv(csv, [*lines[1:], ("broken.wav", "low")])
    with pytest.warns(UserWarning, match="1 clip could not be read.*broken.wav"):
        results = run("--train", csv, "--validation", clips / "val.csv", num_train_epochs=8)
    assert results["data"]["train"]["clips"] == 18 and results["eval_accuracy"] > 0.9


def test_labels_of_any_characters_live_through(run, clips, folder, tmp_path):
    odd = {"low": "Wäves, surf", "mid": "雨|`rain`", "high": "<b>*a*_b"}
    for name in ("train", "val"):
        lines = [line.split(",") for line in (clips / f"{name}.csv").read_text().split()[1:]]
        write_csv(tmp_path / f"{name}.csv", [(clips / path, odd[label]) for path, label in lines])
    results = run("--train", tmp_path / "train.csv", "--validation", tmp_path / "val.csv")
    assert set(results["labels"]) == set(odd.values())
    assert set(TLTRForAudioClassification.from_pretrained(folder).config.labels) == set(odd.values())


def test_a_finished_run_is_given_back_by_resume(run, single, folder):
    results = run(*single)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert run(*single, resume_from_checkpoint="True") == json.loads(json.dumps(results))
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_finished_run_is_replaced_only_when_told(run, single, folder):
    run(*single)
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="--overwrite"):
        run(*single, seed=7)
    assert (folder / "model.safetensors").read_bytes() == before
    run(*single, "--overwrite", seed=7)
    assert (folder / "model.safetensors").read_bytes() != before


@pytest.mark.long
def test_a_named_checkpoint_is_gone_on_from_before_a_refit(run, arguments, single, folder, tmp_path):
    """The refit must not take the first training's checkpoint for one of its own."""
    whole = run(*single, "--refit", output_dir=str(tmp_path / "whole"), save_total_limit=None)
    data, head, args = arguments(*single, save_total_limit=None)
    parts = prepare(split_rows(data, args.seed), data, head)
    fitting.fit_head(parts, head, args)
    resumed = run(*single, "--refit", resume_from_checkpoint=str(checkpoint_folders(folder)[1]))
    assert resumed["validation"] == whole["validation"]
    assert (folder / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_a_run_that_logs_nothing_still_ends(run, single, folder):
    assert "eval_accuracy" in run(*single, "--logging_strategy", "no", "--eval_strategy", "no")
    assert "curves.png" not in names(folder) and "results.json" in names(folder)


def test_rows_without_labels_stay_in_training(run, tmp_path, clips):
    """Silence is held out as a class of its own."""
    results = run("--train", clips / "multi.csv")
    assert results["data"]["train"]["clips"] + results["data"]["validation"]["clips"] == 24


@pytest.mark.parametrize(
    "rows, flags, message",
    [
        ([], [], "no clips in it"),
        ([("{low}", "low"), ("{low2}", "low")], [], "All clips have the label 'low'"),
        ([("{low}", "low")], [], "No class has two files"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--window_length_s", "0.5"], "multiple"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--window_length_s", "40"], "at most 2 s"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--projection_dim", "12"], "does not divide"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--aggregation", "median"], "median"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--input_padding", "left"], "left"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--labels", "none.txt"], "none.txt"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--validation", "{csv}"], "also in the training data"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--test", "{csv}"], "also in the training data"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--validation", "{strange}"], "owl"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--test_fold", "1"], "fold"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--test", "{csv}", "--test_fold", "1"], "use one of them"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--whisper", "no-whisper"], "no-whisper"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--init_head", "no-head"], "no-head"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--init_head", "{whisper}"], "'whisper'"),
        ([("{low}", "low"), ("{mid}", "mid")], ["--early_stopping_patience", "2"], "validation data"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(run, clips, whisper_folder, tmp_path, rows, flags, message):
    names = write_csv(tmp_path / "strange.csv", [(clips / "clip-0-20.wav", "owl")]), tmp_path / "data.csv"
    places = {"low": clips / "clip-0-0.wav", "low2": clips / "clip-0-3.wav", "mid": clips / "clip-0-1.wav"}
    places |= {"strange": names[0], "csv": names[1], "whisper": whisper_folder}
    write_csv(names[1], [(path.format(**places), label) for path, label in rows])
    if "--validation" not in flags and len(rows) > 1 and "All clips" not in message:
        flags = [*flags, "--validation_share", "0"]
    with pytest.raises(InputError, match=message) as caught:
        run("--train", names[1], *(flag.format(**places) for flag in flags))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_same_sound_in_two_parts_is_found_before_hours_are_spent(run, clips, tmp_path, monkeypatch, part):
    """Under another name too; no Whisper is loaded for it, let alone asked."""
    copy = tmp_path / "copy.wav"
    copy.write_bytes((clips / "clip-0-0.wav").read_bytes())
    held_out = write_csv(tmp_path / "held-out.csv", [(copy, "low"), (clips / "clip-0-20.wav", "high")])
    monkeypatch.setattr(prepare_module, "load_encoder", lambda *_: pytest.fail("the encoder was loaded"))
    with pytest.raises(InputError, match="copy.wav"):
        run("--train", clips / "train.csv", f"--{part}", held_out)


def test_nothing_is_left_by_a_run_that_was_refused(run, clips, folder):
    with pytest.raises(InputError):
        run("--train", clips / "train.csv", "--window_length_s", 0.5)
    assert not folder.exists()


def test_multi_label_data_for_a_single_label_head_is_refused(run, clips):
    with pytest.raises(InputError, match="multi_label_classification"):
        run("--train", clips / "multi.csv", "--problem_type", "single_label_classification")


def test_described_clips_count_each_label(clips):
    rows = Dataset.from_dict({"labels": [["a", "b"], ["b"], []]})
    counted = describe(fitting.Clips(rows, np.zeros((3, 2)), None, [0, 1, 2]), ["x/one.csv", "two"])
    assert counted == {"source": "one.csv, two", "clips": 3, "clips_per_label": {"a": 1, "b": 2}}
