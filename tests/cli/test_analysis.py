"""`whisper-at analyze robustness` and `classes`: what a user types, sees and finds."""

import json
import warnings

import pytest
from analysis_results import write_layers, write_robustness
from noisy_speech import FakeRecogniser, write_sounds, write_speech
from transformers.utils import logging
from typer.testing import CliRunner

from whisper_at_hf.cli import app


@pytest.fixture
def cli(monkeypatch):
    """Runs `whisper-at analyze ...` in this process, and puts back what it calms."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setenv("COLUMNS", "200")
    verbosity = logging.get_verbosity()

    def cli(*arguments):
        with warnings.catch_warnings():
            return CliRunner().invoke(app, ["analyze", *map(str, arguments)])

    yield cli
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()


@pytest.fixture
def robustness(cli, tmp_path, monkeypatch):
    """`whisper-at analyze robustness` with a fake recogniser on two utterances."""
    speech, sounds = write_speech(tmp_path / "speech", 2), write_sounds(tmp_path / "sounds")
    monkeypatch.setattr(
        "whisper_at_hf.analysis.robustness.run.load_recogniser", lambda model, size, *_: FakeRecogniser(model, size)
    )
    own = ["--speech", speech, "--sounds", sounds, "--model", "fake", "--output", tmp_path / "out"]
    return lambda *arguments: cli("robustness", *own, "--cache", tmp_path / "cache", "--utterances", 2, *arguments)


def assert_one_sentence(result, *said):
    assert result.exit_code == 2, result.output
    assert "error:" in result.stderr and "Traceback" not in result.output
    for part in said:
        assert part in " ".join(result.stderr.split())


def test_robustness(robustness, tmp_path):
    result = robustness("--snr", 5, "--snr", -5, "--batch-size", 2)
    assert result.exit_code == 0, result.output
    first, second, *_ = [line for line in result.stderr.splitlines() if line]
    assert first.startswith(
        "10 transcriptions for each of 1 models: 2 utterances alone, and at 2 ratios over 4 sounds"
    )
    assert second == "fake: 10 transcriptions, 10 of them to make."
    assert "a second, so less than a minute to go" in result.stderr
    assert "5 dB" in result.stdout and "−5 dB" in result.stdout and "fake" in result.stdout
    results = json.loads((tmp_path / "out" / "robustness.json").read_text())
    assert results["settings"]["snrs"] == [5.0, -5.0]
    assert "0 of them to make" in robustness("--snr", 5, "--snr", -5).stderr


def test_the_ratios_and_quiet_by_default(robustness, tmp_path):
    result = robustness("--quiet")
    assert result.exit_code == 0 and result.stderr.splitlines() == [f"Wrote {tmp_path / 'out'}"]
    results = json.loads((tmp_path / "out" / "robustness.json").read_text())
    assert results["settings"]["snrs"] == [20.0, 10.0, 0.0, -5.0, -10.0, -20.0]


def test_robustness_refuses_in_a_sentence(robustness, cli, tmp_path):
    assert_one_sentence(robustness("--utterances", 3), "has 2 utterances of 8 to 40 words, not 3")
    assert_one_sentence(robustness("--sounds-per-class", 9), "has 4 clips; pass --sounds-per-class 4")
    assert_one_sentence(robustness("--speech", tmp_path / "no"), "no' does not exist")
    assert_one_sentence(robustness("--sounds", tmp_path / "no"), "no' does not exist")
    (tmp_path / "file").write_text("")
    assert_one_sentence(robustness("--output", tmp_path / "file"), "name another --output")
    assert cli("robustness").exit_code == 2


def test_a_model_that_is_none(cli, tmp_path):
    speech, sounds = write_speech(tmp_path / "speech", 2), write_sounds(tmp_path / "sounds")
    own = ["--speech", speech, "--sounds", sounds, "--output", tmp_path / "out", "--utterances", 2]
    assert_one_sentence(cli("robustness", *own, "--model", tmp_path / "none"), "none does not exist")


def test_classes(cli, tmp_path):
    errors, layers = write_robustness(tmp_path / "robustness"), write_layers(tmp_path / "layers")
    options = ["--robustness", errors, "--layers", layers, "--output", tmp_path / "out"]
    result = cli("classes", *options, "--snr", -10)
    assert result.exit_code == 0, result.output
    assert "sea waves" in result.stdout and "F1, %" in result.stdout
    assert json.loads((tmp_path / "out" / "classes.json").read_text())["snrs"] == [-10.0]


def test_classes_probes_by_itself(cli, tmp_path, monkeypatch):
    asked = []

    def analyze_layers(data, models, output, window_length_s, cache_dir, split, device, announce):
        asked.append((data, models, window_length_s, split))
        write_layers(output)

    monkeypatch.setattr("whisper_at_hf.analysis.layers.run.analyze_layers", analyze_layers)
    errors, output = write_robustness(tmp_path / "robustness"), tmp_path / "out"
    output.mkdir()
    options = ["--robustness", errors, "--sounds", "clips", "--model", "tiny", "--model", "base", "--window", 5.2]
    result = cli("classes", *options, "--output", output)
    assert result.exit_code == 0, result.output
    assert asked == [("clips", ["tiny", "base"], 5.2, None)]
    assert (output / "classes.png").is_file()


def test_classes_refuses_in_a_sentence(cli, tmp_path):
    errors, layers = write_robustness(tmp_path / "robustness"), write_layers(tmp_path / "layers")
    own = ["--robustness", errors, "--output", tmp_path / "out"]
    assert_one_sentence(cli("classes", *own), "pass --layers, or --sounds and --model")
    assert_one_sentence(cli("classes", *own, "--sounds", "clips"), "pass --layers, or --sounds and --model")
    assert_one_sentence(cli("classes", *own, "--layers", layers, "--model", "x"), "without --sounds and --model")
    assert_one_sentence(cli("classes", *own, "--layers", layers, "--snr", 3), "at 3 dB, only at 10, -10")


@pytest.mark.parametrize("command", ["robustness", "classes"])
def test_help_has_examples(cli, command):
    result = cli(command, "--help")
    assert result.exit_code == 0 and f"whisper-at analyze {command}" in result.stdout and "Examples" in result.stdout
