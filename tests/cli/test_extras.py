"""Commands that need no extra work without any, and the others say what they need."""

import importlib.util

import pytest
from subprocesses import run_python

from whisper_at_hf import InputError
from whisper_at_hf.cli.extras import need_extra

EXTRAS = (
    "datasets",
    "evaluate",
    "sklearn",
    "matplotlib",
    "jiwer",
    "soundfile",
    "gradio",
    "onnx",
    "onnxruntime",
    "onnxscript",
)


def run_without_extras(*arguments):
    code = (
        "import sys\n"
        f"for name in {EXTRAS}: sys.modules[name] = None\n"
        "from whisper_at_hf.cli import app\n"
        f"app({[str(argument) for argument in arguments]})"
    )
    return run_python("-c", code)


@pytest.fixture
def without(monkeypatch):
    """Makes modules look as if they were not installed."""

    def without(*names):
        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in names else find(name))

    return without


@pytest.mark.long
@pytest.mark.parametrize(
    "command", ["", "transcribe", "tag", "convert", "plot", "run", "info", "train", "analyze", "demo", "export-onnx"]
)
def test_help_without_extras(command):
    done = run_without_extras(*command.split(), "--help")
    assert done.returncode == 0 and "Usage" in done.stdout, done.stderr


@pytest.mark.long
def test_the_table_of_published_scores_without_extras():
    done = run_without_extras("analyze", "table", "--quiet")
    assert done.returncode == 0 and "Whisper-AT" in done.stdout, done.stderr


@pytest.mark.real
def test_a_file_is_tagged_without_extras(default_model):
    from whisper_at_hf.conversion.default_model import sample_path

    done = run_without_extras("tag", sample_path(), "--model", default_model)
    assert done.returncode == 0 and "Speech" in done.stdout, done.stderr
    assert "4 layers" in run_without_extras("info", default_model).stdout


def test_commands_say_what_they_need():
    done = run_without_extras("train", "--output", "out")
    needed = "datasets, scikit-learn, matplotlib"
    assert done.returncode == 2
    assert done.stderr == f'error: This needs {needed}; run pip install "whisper-at-hf[train]".\n'


@pytest.mark.long
def test_the_demo_says_what_it_needs():
    done = run_without_extras("demo")
    assert done.returncode == 2
    assert done.stderr == 'error: This needs gradio; run pip install "whisper-at-hf[demo]".\n'


@pytest.mark.long
def test_an_archive_says_what_it_needs():
    done = run_without_extras("run", "recordings", "--output", "out")
    assert done.returncode == 2
    assert done.stderr == 'error: This needs datasets; run pip install "whisper-at-hf[archive]".\n'


@pytest.mark.long
def test_training_does_not_need_the_package_evaluate(without):
    without("evaluate")
    need_extra("train")
    need_extra("analysis")
    code = "import sys; sys.modules['evaluate'] = None; import whisper_at_hf.training, whisper_at_hf.cli.scores"
    assert run_python("-c", code).returncode == 0


def test_the_analysis_needs_what_training_needs_and_more(without):
    without("jiwer", "sklearn")
    with pytest.raises(InputError, match=r"needs scikit-learn, jiwer; run pip install \"whisper-at-hf\[analysis\]\""):
        need_extra("analysis")
    with pytest.raises(InputError, match=r"needs scikit-learn; run pip install \"whisper-at-hf\[train\]\""):
        need_extra("train")
