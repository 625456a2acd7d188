"""`whisper-at train` and `evaluate`: what a user types, sees and finds; errors are one sentence and exit code 2."""

import importlib.util
import json
import warnings

import numpy as np
import pytest
import soundfile
from labelled_sounds import PITCHES, save_tiny_whisper, tones, write_csv, write_tones
from transformers import WhisperProcessor, pipeline
from transformers.utils import logging
from typer.testing import CliRunner

from whisper_at_hf import TLTRForAudioClassification, WhisperATForConditionalGeneration
from whisper_at_hf.cli import app

LABELS = sorted(PITCHES)


@pytest.fixture
def cli(monkeypatch):
    """Runs `whisper-at ...` in this process, and puts back what it calms."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setenv("COLUMNS", "200")
    verbosity = logging.get_verbosity()

    def cli(*arguments):
        with warnings.catch_warnings():
            return CliRunner().invoke(app, [str(argument) for argument in arguments])

    yield cli
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Whisper, and train.csv and val.csv of three classes."""
    folder = tmp_path_factory.mktemp("data")
    save_tiny_whisper(folder / "whisper")
    for seed, (name, repeats) in enumerate((("train", 4), ("val", 2))):
        names = write_tones(folder, [[label] for label in LABELS * repeats], seed)
        write_csv(folder / f"{name}.csv", list(zip(names, LABELS * repeats, strict=True)))
    return folder


@pytest.fixture
def train(cli, folder, tmp_path):
    """`whisper-at train` on the tiny Whisper into tmp_path / "head"."""

    def train(*arguments, data=("--train", folder / "train.csv", "--validation", folder / "val.csv")):
        own = ["--whisper", folder / "whisper", "--cache", folder / "features", "--output", tmp_path / "head"]
        short = ["--window_length_s", 1.2, "--epochs", 2, "--batch-size", 6, "--quiet", "--use-cpu"]
        return cli("train", *data, *own, *short, *arguments)

    return train


def assert_one_sentence(result, message):
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), result.stderr
    assert message in lines[0], lines[0]
    assert result.stdout == ""


def test_train_prints_scores_and_where_they_lie(train, tmp_path):
    result = train("--epochs", 6)
    assert result.exit_code == 0, result.output
    assert "validation" in result.stdout and "accuracy" in result.stdout
    assert f"Wrote {tmp_path / 'head'}" in result.stdout.replace("\n", "")
    assert result.stderr == ""
    scores = json.loads((tmp_path / "head" / "results.json").read_text())
    assert scores["eval_accuracy"] > 0.9
    assert TLTRForAudioClassification.from_pretrained(tmp_path / "head").config.labels == LABELS


def test_every_other_flag_with_dashes_or_underscores(train, tmp_path):
    result = train("--mixup-rate", 0.25, "--projection_dim", "8", "--no_data_dependent_init", "--seeds", 1, 2)
    assert result.exit_code == 0, result.output
    scores = json.loads((tmp_path / "head" / "results.json").read_text())
    assert scores["training_arguments"]["mixup_rate"] == 0.25 and scores["head"]["projection_dim"] == 8


def test_cross_validation_prints_a_table(train, folder):
    result = train("--cross-validation", "--num-folds", 2, data=("--train", folder / "train.csv"))
    assert result.exit_code == 0, result.output
    for word in ("fold", "mean", "std"):
        assert word in result.stdout


def test_resume_and_overwrite(train):
    assert train().exit_code == 0
    assert_one_sentence(train(), "--overwrite")
    assert_one_sentence(train("--overwrite", "--resume"), "one of them")
    assert train("--resume").exit_code == 0
    assert train("--overwrite").exit_code == 0


def test_evaluate_gives_the_scores_of_training(cli, train, folder, tmp_path):
    assert train("--epochs", 6).exit_code == 0
    options = ["--whisper", folder / "whisper", "--cache", folder / "features", "--output", tmp_path / "scores.json"]
    result = cli("evaluate", tmp_path / "head", "--data", folder / "val.csv", *options, "-q")
    assert result.exit_code == 0, result.output
    for label in LABELS:
        assert label in result.stdout
    trained = json.loads((tmp_path / "head" / "results.json").read_text())
    scores = json.loads((tmp_path / "scores.json").read_text())
    for name in ("accuracy", "map", "auc", "f1"):
        assert scores[f"eval_{name}"] == pytest.approx(trained[f"eval_{name}"], abs=1e-6)


def test_evaluate_scores_on_the_split_that_was_named(cli, train, folder, tmp_path):
    assert train().exit_code == 0
    for split, count in (("val", len(LABELS)), ("rest", 1)):
        (tmp_path / "splits" / split).mkdir(parents=True)
        rows = [(folder / f"clip-1-{number}.wav", label) for number, label in enumerate(LABELS[:count])]
        write_csv(tmp_path / "splits" / split / "labels.csv", rows)
    options = ["--whisper", folder / "whisper", "--cache", folder / "features", "--output", tmp_path / "scores.json"]
    result = cli("evaluate", tmp_path / "head", "--data", tmp_path / "splits", "--split", "val", *options, "-q")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "scores.json").read_text())["clips"] == len(LABELS)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--learnin-rate", "1"], "--learnin-rate 1"),
        (["--learning-rate", "nan"], "learning_rate"),
        (["--epochs", "0"], "num_train_epochs"),
        (["--mixup_rate", "2"], "mixup_rate"),
        (["--optim", "magic"], "magic"),
        (["--preset", "mine"], "no preset 'mine'"),
        (["--config", "none.yaml"], "none.yaml"),
        (["--window_length_s", "0.5"], "multiple"),
        (["--window_length_s", "40"], "at most 2 s"),
        (["--projection_dim", "12"], "does not divide"),
        (["--labels", "none.txt"], "none.txt"),
        (["--init_head", "none"], "none"),
        (["--test_fold", "1"], "fold"),
        (["--seed", "-1"], "seed=-1"),
    ],
)
def test_wrong_arguments_are_one_sentence(train, tmp_path, arguments, message):
    assert_one_sentence(train(*arguments), message)
    assert not (tmp_path / "head").exists()


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "is empty"),
        ("path,label\n", "no clips in it"),
        ("path,label\nclip-0-0.wav,a\n", "held out"),
        ("path,label\nclip-0-0.wav,a\nclip-0-1.wav,a\n", "All clips have the label 'a'"),
        ("path,label\nclip-0-0.wav,Waves, surf\n", "quotes"),
        ("path,label\nclip-0-0.wav,a\nnone.wav,b\n", "none.wav"),
        ("path,label\nclip-0-0.wav,\n", "label is empty"),
        ("file,name\nclip-0-0.wav,a\n", "label"),
    ],
)
def test_wrong_data_is_one_sentence(train, folder, text, message):
    (folder / "wrong.csv").write_text(text)
    assert_one_sentence(train(data=("--train", folder / "wrong.csv")), message)


def test_a_word_out_of_place_is_one_sentence(train):
    assert_one_sentence(train("clips.csv"), "clips.csv")


def test_an_output_that_is_a_file_is_one_sentence(train, tmp_path):
    (tmp_path / "head").touch()
    assert_one_sentence(train(), "is a file")


def test_the_same_clips_on_both_sides_are_one_sentence(train, folder):
    data = ("--train", folder / "train.csv", "--validation", folder / "train.csv")
    assert_one_sentence(train(data=data), "also in the training data")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["none", "--data", "{folder}/val.csv"], "none"),
        (["{folder}/whisper", "--data", "{folder}/val.csv"], "whisper"),
        (["{folder}/whisper", "--data", "{folder}/none.csv"], "whisper"),
    ],
)
def test_evaluate_says_in_one_sentence_what_is_wrong(cli, folder, arguments, message):
    assert_one_sentence(cli("evaluate", *(word.format(folder=folder) for word in arguments), "-q"), message)


def test_an_unreadable_clip_is_a_warning(cli, train, folder, tmp_path):
    (folder / "broken.wav").write_text("no audio")
    lines = (folder / "train.csv").read_text() + "broken.wav,low\n"
    (folder / "some.csv").write_text(lines)
    own = ["--whisper", folder / "whisper", "--cache", folder / "features", "--output", tmp_path / "head"]
    short = ["--window_length_s", 1.2, "--epochs", 1, "--disable_tqdm", "--use_cpu"]
    result = cli("train", "--train", folder / "some.csv", "--validation", folder / "val.csv", *own, *short)
    assert result.exit_code == 0, result.output
    warned = [line for line in result.stderr.splitlines() if line.startswith("warning:")]
    assert any("broken.wav" in line for line in warned)


@pytest.mark.parametrize("command", [["train", "--train", "x.csv"], ["convert"], ["tag", "x.wav"]])
def test_an_empty_output_is_not_the_current_folder(cli, command):
    """As of a variable of the shell that is not set."""
    result = cli(*command, "--output", "")
    assert result.exit_code == 2 and "it is empty; name a folder or a file" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize("command", [["train", "--output", "x"], ["evaluate", "x", "--data", "y"]])
def test_without_the_train_extra_its_name_is_given(cli, monkeypatch, command):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "sklearn" else find_spec(name, *more)
    )
    assert_one_sentence(cli(*command), 'needs scikit-learn; run pip install "whisper-at-hf[train]"')


@pytest.mark.parametrize("command", ["train", "evaluate", "extract", "teach"])
def test_help_shows_examples(cli, command):
    result = cli(command, "--help")
    assert result.exit_code == 0 and f"whisper-at {command}" in result.stdout


@pytest.mark.real
def test_thirty_files_become_a_head_that_tags(cli, tiny_en_whisper, tmp_path):
    """A user's first head: a CSV, one command, scores that hold after a reload, and tags through the pipeline."""
    for seed, (name, repeats) in enumerate((("train", 10), ("val", 4))):
        names = write_tones(tmp_path, [[label] for label in LABELS * repeats], seed, seconds=2.0)
        write_csv(tmp_path / f"{name}.csv", list(zip(names, LABELS * repeats, strict=True)))
    head = tmp_path / "head"
    own = ["--whisper", tiny_en_whisper, "--cache", tmp_path / "features", "--window_length_s", 2.0, "--use_cpu"]
    data = ["--train", tmp_path / "train.csv", "--validation", tmp_path / "val.csv"]
    result = cli("train", *own, *data, "--output", head, "--epochs", 10, "-q")
    assert result.exit_code == 0, result.output
    assert {path.name for path in head.iterdir()} == {
        *("model.safetensors", "config.json", "results.json", "README.md", "curves.png", "confusion_matrix.png")
    }
    trained = json.loads((head / "results.json").read_text())
    assert trained["eval_accuracy"] > 0.9
    TLTRForAudioClassification.from_pretrained(head)

    own = ["--whisper", tiny_en_whisper, "--cache", tmp_path / "features"]
    scores = tmp_path / "scores.json"
    result = cli("evaluate", head, "--data", tmp_path / "val.csv", *own, "--output", scores, "-q")
    assert result.exit_code == 0, result.output
    again = json.loads(scores.read_text())
    for name in ("accuracy", "map", "auc", "f1"):
        assert again[f"eval_{name}"] == pytest.approx(trained[f"eval_{name}"], abs=1e-6)

    model = WhisperATForConditionalGeneration.from_whisper(str(tiny_en_whisper), head=str(head))
    processor = WhisperProcessor.from_pretrained(tiny_en_whisper)
    pipe = pipeline(
        "whisper-at",
        model=model,
        tokenizer=processor.tokenizer,
        feature_extractor=processor.feature_extractor,
    )
    audio = np.concatenate([tones([label], 100 + place, 2.0) for place, label in enumerate(LABELS)])
    soundfile.write(tmp_path / "new.wav", audio, 16_000)
    tags = pipe(str(tmp_path / "new.wav"), return_text=False, at_time_res=2.0, top_k=1, threshold=0.0)["audio_tags"]
    assert [window["tags"][0]["label"] for window in tags] == LABELS
