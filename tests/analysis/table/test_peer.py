"""An Audio Spectrogram Transformer is scored on our data as the stock pipeline would, by the metrics of `evaluate`."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from audio_models import LABELS, save_ast
from labelled_sounds import PITCHES, save_tiny_whisper, write_csv, write_tones
from sklearn.metrics import average_precision_score
from transformers import pipeline
from typer.testing import CliRunner

from whisper_at_hf import InputError
from whisper_at_hf.analysis.table.peer import ASTPeer, evaluate_ast
from whisper_at_hf.audio import load_audio
from whisper_at_hf.cli import app
from whisper_at_hf.features.parallel import process_state
from whisper_at_hf.training import DataArguments

MULTI = [["low"], ["mid", "high"], ["low", "high"], ["mid"], ["high"], ["low"], ["mid", "low"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """`ast`, and single.csv and multi.csv of labelled tones."""
    folder = tmp_path_factory.mktemp("peer")
    save_ast(folder / "ast")
    single = [[label] for label in PITCHES] * 3
    for seed, (name, labels) in enumerate((("single", single), ("multi", MULTI))):
        names = write_tones(folder, labels, seed)
        rows = [(names[place], ";".join(given), str(place % 2)) for place, given in enumerate(labels)]
        write_csv(folder / f"{name}.csv", rows, ("path", "labels", "fold"))
    return folder


def stock_scores(folder, clips, function: str) -> np.ndarray:
    """`(clips, labels)` by transformers' own pipeline, one clip at a time."""
    pipe = pipeline("audio-classification", model=str(folder / "ast"))
    found = []
    for clip in clips:
        answers = pipe(load_audio(folder / clip), top_k=None, function_to_apply=function)
        scores = {answer["label"]: answer["score"] for answer in answers}
        found.append([scores[label] for label in LABELS])
    return np.array(found)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_multi_label_scores_are_those_of_the_stock_pipeline(folder, batch_size):
    found = evaluate_ast(ASTPeer(folder / "ast"), DataArguments(test=[str(folder / "multi.csv")]), batch_size)
    scores = stock_scores(folder, [f"clip-1-{number}.wav" for number in range(len(MULTI))], "sigmoid")
    truth = np.array([[label in given for label in LABELS] for given in MULTI])
    expected = [average_precision_score(truth[:, index], scores[:, index]) for index in range(3)]
    assert [row["average_precision"] for row in found["label_table"][:3]] == pytest.approx(expected)
    assert found["eval_map"] == pytest.approx(np.mean(expected)) and found["clips"] == len(MULTI)
    assert found["label_table"][3]["average_precision"] is None and "confusion_matrix" not in found


def test_single_label_scores_are_those_of_the_stock_pipeline(folder):
    found = evaluate_ast(ASTPeer(folder / "ast"), DataArguments(test=[str(folder / "single.csv")]))
    scores = stock_scores(folder, [f"clip-0-{number}.wav" for number in range(9)], "softmax")
    truth = [LABELS.index(label) for label in list(PITCHES) * 3]
    assert found["eval_accuracy"] == pytest.approx(np.mean(scores.argmax(axis=1) == truth))
    expected = [average_precision_score(np.array(truth) == index, scores[:, index]) for index in range(3)]
    assert found["eval_map"] == pytest.approx(np.mean(expected))
    assert np.array(found["confusion_matrix"]).sum() == 9


def test_the_models_own_kind_of_problem_comes_first(folder, tmp_path):
    save_ast(tmp_path / "ast", problem_type="multi_label_classification")
    found = evaluate_ast(ASTPeer(tmp_path / "ast"), DataArguments(test=[str(folder / "single.csv")]))
    assert "confusion_matrix" not in found


def test_one_fold_and_segments_of_files(folder, tmp_path):
    peer = ASTPeer(folder / "ast")
    assert evaluate_ast(peer, DataArguments(test=[str(folder / "single.csv")], test_fold="1"))["clips"] == 4
    rows = [(folder / "clip-0-0.wav", "low", 0.2, 0.9), (folder / "clip-0-1.wav", "mid", 5.0, 6.0)]
    write_csv(tmp_path / "parts.csv", rows, ("path", "label", "start", "end"))
    with pytest.warns(UserWarning, match="1 clip could not be read and left out: .*clip-0-1.wav"):
        found = evaluate_ast(peer, DataArguments(test=[str(tmp_path / "parts.csv")]))
    assert found["clips"] == 1


def test_what_cannot_be_scored_is_one_sentence(folder, tmp_path):
    peer = ASTPeer(folder / "ast")
    with pytest.raises(InputError, match="--data"):
        evaluate_ast(peer, DataArguments())
    write_csv(tmp_path / "owls.csv", [(folder / "clip-0-0.wav", "owl")])
    with pytest.raises(InputError, match="'owl'"):
        evaluate_ast(peer, DataArguments(test=[str(tmp_path / "owls.csv")]))
    (tmp_path / "broken.wav").write_text("no sound")
    write_csv(tmp_path / "broken.csv", [(tmp_path / "broken.wav", "low")])
    with pytest.warns(UserWarning), pytest.raises(InputError, match="None of the clips"):
        evaluate_ast(peer, DataArguments(test=[str(tmp_path / "broken.csv")]))


def test_what_is_no_ast_is_refused(tmp_path):
    with pytest.raises(InputError, match="nothing' is no Audio Spectrogram"):
        ASTPeer(tmp_path / "nothing")
    with pytest.raises(InputError, match="is a whisper"):
        ASTPeer(save_tiny_whisper(tmp_path / "whisper"))
    folder = save_ast(tmp_path / "ast")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(InputError, match="no Audio Spectrogram"):
        ASTPeer(folder)
    with pytest.raises(InputError, match="device"):
        ASTPeer(folder, "moon")


def test_the_device_is_the_best_one_unless_it_is_named(folder, monkeypatch):
    assert ASTPeer(folder / "ast").model.device.type == process_state().device.type
    # No test machine has a better one than the CPU for sure, so one is made up.
    better = SimpleNamespace(device=torch.device("meta"))
    monkeypatch.setattr("whisper_at_hf.analysis.table.peer.process_state", lambda: better)
    assert ASTPeer(folder / "ast").model.device.type == "meta"
    assert ASTPeer(folder / "ast", "cpu").model.device.type == "cpu"


def test_the_command_writes_what_evaluate_writes(folder, tmp_path):
    own = ["--data", folder / "single.csv", "--output", tmp_path / "ast.json"]
    made = CliRunner().invoke(app, ["analyze", "peer", str(folder / "ast"), *map(str, own)])
    assert made.exit_code == 0, made.output
    assert "accuracy" in made.stdout and "never there" in made.stdout and "9 clips to score" in made.stderr
    scores = json.loads((tmp_path / "ast.json").read_text())
    assert {"eval_accuracy", "eval_map", "clips", "label_table", "confusion_matrix"} <= scores.keys()
    wrong = CliRunner().invoke(app, ["analyze", "peer", str(tmp_path), "--data", str(folder / "single.csv"), "-q"])
    assert wrong.exit_code == 2 and wrong.stderr.startswith("error: ") and len(wrong.stderr.splitlines()) == 1
