"""A head scored anew gives the scores of its training, whatever it is loaded from."""

import numpy as np
import pytest
import tiny
import torch
from labelled_sounds import save_tiny_whisper, write_csv
from transformers import WhisperFeatureExtractor

from whisper_at_hf import InputError, TLTRForAudioClassification, WhisperATForConditionalGeneration
from whisper_at_hf.training import DataArguments, evaluate_head, run_training
from whisper_at_hf.training.evaluation import open_head


@pytest.fixture(scope="module")
def runs(whisper_folder, cache_folder, clips, tmp_path_factory):
    """Folders of a single-label and a multi-label run, with their results."""
    from whisper_at_hf.training import parse_arguments

    folder, results = tmp_path_factory.mktemp("runs"), {}
    for name, train, validation in (("single", "train", "val"), ("multi", "multi", "multi-val")):
        values = {"train": [str(clips / f"{train}.csv")], "validation": [str(clips / f"{validation}.csv")]}
        values |= {"whisper": str(whisper_folder), "cache_dir": str(cache_folder), "window_length_s": 1.2}
        values |= {"num_train_epochs": 3, "output_dir": str(folder / name), "disable_tqdm": True, "use_cpu": True}
        results[name] = run_training(*parse_arguments([], **values))
    return folder, results


@pytest.fixture
def data(clips, whisper_folder, cache_folder):
    def data(*names, **values):
        given = {"whisper": str(whisper_folder), "cache_dir": str(cache_folder)}
        return DataArguments(test=[str(clips / name) for name in names], **{**given, **values})

    return data


@pytest.mark.parametrize("kind, csv", [("single", "val.csv"), ("multi", "multi-val.csv")])
def test_the_scores_are_those_of_training(runs, data, kind, csv):
    folder, results = runs
    again = evaluate_head(folder / kind, data(csv), batch_size=4)
    trained = {key: value for key, value in results[kind].items() if key.startswith("eval_") and key != "eval_loss"}
    assert trained.keys() == {key for key in again if key.startswith("eval_")}
    for key, value in trained.items():
        assert again[key] == pytest.approx(value, abs=1e-6), key
    assert again["clips"] == results[kind]["data"]["validation"]["clips"]
    assert [row["label"] for row in again["label_table"]] == results[kind]["labels"]


def test_the_confusion_matrix_counts_truths_in_rows(runs, data, clips, tmp_path):
    """Two clips of low that are called mid: they lie in mid's row, under what the head answers."""
    folder, _ = runs
    lines = [(clips / f"clip-0-{number}.wav", "mid") for number in (18, 21)]
    write_csv(tmp_path / "wrong.csv", lines)
    found = evaluate_head(folder / "single", data(tmp_path / "wrong.csv"))
    matrix = np.array(found["confusion_matrix"])
    assert matrix.shape == (3, 3) and matrix[2].sum() == matrix.sum() == 2  # high, low, mid
    assert found["eval_accuracy"] == matrix[2, 2] / 2


def test_one_fold_can_be_scored(runs, data):
    assert evaluate_head(runs[0] / "single", data("all.csv", test_fold="2"))["clips"] == 6


def test_a_whisper_at_model_brings_its_own_whisper(runs, data, whisper_folder, tmp_path):
    folder, results = runs
    model = WhisperATForConditionalGeneration.from_whisper(str(whisper_folder), head=str(folder / "single"))
    model.save_pretrained(tmp_path / "model")
    WhisperFeatureExtractor(feature_size=tiny.MELS, chunk_length=2).save_pretrained(tmp_path / "model")
    found = evaluate_head(tmp_path / "model", data("val.csv", whisper=None))
    assert found["eval_map"] == pytest.approx(results["single"]["eval_map"], abs=1e-6)
    head, whisper = open_head(tmp_path / "model", None)
    assert whisper == str(tmp_path / "model") and not head.training


def test_no_data_is_refused(runs):
    with pytest.raises(InputError, match="--data"):
        evaluate_head(runs[0] / "single", DataArguments())


def test_labels_that_the_head_does_not_know_are_refused(runs, data, clips, tmp_path):
    write_csv(tmp_path / "owls.csv", [(clips / "clip-0-0.wav", "owl")])
    with pytest.raises(InputError, match="owl"):
        evaluate_head(runs[0] / "single", data(tmp_path / "owls.csv"))


def test_another_whisper_size_is_refused(runs, data, tmp_path):
    tiny.save_plain_whisper(tmp_path / "other", encoder_layers=3)
    WhisperFeatureExtractor(feature_size=tiny.MELS, chunk_length=2).save_pretrained(tmp_path / "other")
    with pytest.raises(InputError, match="another Whisper size"):
        evaluate_head(runs[0] / "single", data("val.csv", whisper=str(tmp_path / "other")))


@pytest.mark.parametrize("content", [None, {}, {"config.json": "{"}, {"config.json": '{"model_type": "bert"}'}])
def test_what_is_no_head_is_refused(data, tmp_path, content):
    for name, text in (content or {}).items():
        (tmp_path / name).write_text(text)
    head = tmp_path if content is not None else tmp_path / "nothing"
    with pytest.raises(InputError, match=str(head)):
        evaluate_head(head, data("val.csv"))


def test_a_model_without_heads_is_refused(data, tmp_path):
    tiny.tiny_model(heads={}).save_pretrained(tmp_path / "model")
    with pytest.raises(InputError, match="head"):
        evaluate_head(tmp_path / "model", data("val.csv"))


def test_a_head_of_missing_weights_is_refused(data, tmp_path):
    torch.manual_seed(0)
    head = TLTRForAudioClassification(tiny.head_config(["low", "mid", "high"]))
    state = {name: value for name, value in head.state_dict().items() if "classifier" not in name}
    head.save_pretrained(tmp_path, state_dict=state)
    with pytest.raises(InputError, match="lacks"):
        evaluate_head(tmp_path, data("val.csv"))


def test_a_plain_whisper_is_no_head(data, tmp_path):
    with pytest.raises(InputError, match="'whisper'"):
        evaluate_head(save_tiny_whisper(tmp_path / "w"), data("val.csv"))
