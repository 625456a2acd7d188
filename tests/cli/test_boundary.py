"""An `InputError` that leaves any command is one sentence and exit code 2; other errors are not hidden."""

import warnings
from functools import wraps

import pytest
import typer
from transformers.utils import logging
from typer.testing import CliRunner

from whisper_at_hf import InputError
from whisper_at_hf.cli import app
from whisper_at_hf.cli.boundary import error_boundary

# What each command cannot do without.
ARGUMENTS = {
    "transcribe": ["a.wav"],
    "tag": ["a.wav"],
    "convert": ["--output", "out"],
    "info": [],
    "plot": ["a.wav", "--output", "a.png"],
    "demo": [],
    "export-hub": ["out"],
    "export-onnx": ["out"],
    "run": ["recordings", "--output", "out"],
    "extract": ["--data", "a.csv", "--cache", "cache"],
    "teach": ["--data", "a.csv", "--output", "out"],
    "train": ["--output", "out"],
    "evaluate": ["head", "--data", "a.csv"],
    "analyze layers": ["--data", "a.csv", "--model", "m", "--output", "out"],
    "analyze robustness": ["--speech", "a", "--sounds", "b", "--model", "m", "--output", "out"],
    "analyze cost": [],
    "analyze classes": ["--robustness", "a", "--output", "out"],
    "analyze reproduce": ["--speech", "a", "--sounds", "b", "--model", "m", "--output", "out"],
    "analyze peer": ["ast", "--data", "a.csv"],
    "analyze table": [],
}


@pytest.fixture(autouse=True)
def put_back(monkeypatch):
    """What commands calm."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    verbosity = logging.get_verbosity()
    with warnings.catch_warnings():
        yield
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()


def registered(group: typer.Typer, prefix: str = "") -> dict:
    """Typer's entry of every command, by what users type."""
    entries = {prefix + (entry.name or entry.callback.__name__): entry for entry in group.registered_commands}
    for sub in group.registered_groups:
        name = sub.typer_instance.info.name
        entries |= registered(sub.typer_instance, f"{prefix}{name} " if isinstance(name, str) else prefix)
    return entries


def run_failing(command, error, monkeypatch):
    """The command, with a body that does nothing but raise."""
    entry = registered(app)[command]

    @wraps(entry.callback)
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(entry, "callback", fail)
    return CliRunner().invoke(app, [*command.split(), *ARGUMENTS[command]])


def test_no_command_is_left_out():
    assert registered(app).keys() == ARGUMENTS.keys()


@pytest.mark.parametrize("command", ARGUMENTS)
def test_an_input_error_is_one_sentence(command, monkeypatch):
    result = run_failing(command, InputError("The [red] file is empty; give another."), monkeypatch)
    assert result.exit_code == 2
    assert result.stderr == "error: The [red] file is empty; give another.\n" and result.stdout == ""


def test_a_sentence_cannot_steer_the_terminal(monkeypatch):
    result = run_failing("info", InputError("'\x1b[2Ja\nb\u202e.wav' is empty; give another."), monkeypatch)
    assert result.stderr == "error: '[2Ja b.wav' is empty; give another.\n"


@pytest.mark.parametrize("command", ARGUMENTS)
@pytest.mark.parametrize("error", [ValueError("ours"), KeyError("ours"), RuntimeError("ours")], ids=repr)
def test_other_errors_pass(command, error, monkeypatch):
    result = run_failing(command, error, monkeypatch)
    assert result.exit_code == 1 and result.exception is error
    assert "error:" not in result.stderr


def test_exit_codes_of_commands_pass(monkeypatch):
    assert run_failing("extract", typer.Exit(3), monkeypatch).exit_code == 3


def test_an_interruption_passes(monkeypatch):
    result = run_failing("tag", KeyboardInterrupt(), monkeypatch)
    assert result.exit_code == 130 and "error:" not in result.stderr


def test_the_boundary_alone(capsys):
    with error_boundary():
        pass
    with pytest.raises(SystemExit) as left, error_boundary():
        raise InputError("Nothing to do.")
    assert left.value.code == 2 and left.value.__cause__ is None
    assert capsys.readouterr() == ("", "error: Nothing to do.\n")
