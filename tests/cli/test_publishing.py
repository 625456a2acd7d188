"""`whisper-at export-hub` as it is typed; what it writes is tested in tests/publishing."""

from types import SimpleNamespace

import pytest
from tiny import MELS, head_config, tiny_model
from transformers import WhisperFeatureExtractor
from typer.testing import CliRunner

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.cli import app
from whisper_at_hf.cli import publishing as command


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(app, ["export-hub", *map(str, arguments)])


@pytest.fixture
def head(tmp_path):
    tiny_model(heads={"default": head_config()}).save_head("default", tmp_path / "head")
    return tmp_path / "head"


def test_a_head(run, head, tmp_path):
    result = run(tmp_path / "out", "--model", head, "--license", "cc0-1.0", "--repo-id", "me/head")
    assert result.exit_code == 0, result.output
    assert result.stderr.strip() == f"Wrote {tmp_path / 'out'}"
    assert "license: cc0-1.0" in (tmp_path / "out" / "README.md").read_text()
    again = run(tmp_path / "out", "--model", head)
    assert again.exit_code == 2 and "--overwrite" in again.stderr
    assert run(tmp_path / "out", "--model", head, "--overwrite", "--quiet").stderr == ""


def test_push(run, head, tmp_path, monkeypatch):
    uploads = []

    def upload(*arguments):
        uploads.append(arguments)
        return SimpleNamespace(commit_url="https://huggingface.co/me/head/commit/1")

    monkeypatch.setattr(command, "upload", upload)
    result = run(tmp_path / "out", "--model", head, "--repo-id", "me/head", "--push", "--private")
    assert result.exit_code == 0 and "Uploaded to https://huggingface.co/me/head/commit/1" in result.stderr
    assert uploads == [(tmp_path / "out", "me/head", True)]


def test_a_failed_push_is_one_sentence_and_the_folder_stays(run, head, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "upload", lambda *_: (_ for _ in ()).throw(OSError("401: log in")))
    result = run(tmp_path / "out", "--model", head, "--repo-id", "me/head", "--push")
    assert result.exit_code == 2 and (tmp_path / "out" / "README.md").is_file()
    assert "401: log in" in result.stderr and f"hf upload me/head {tmp_path / 'out'}" in result.stderr


def test_push_needs_a_name(run, head, tmp_path):
    result = run(tmp_path / "out", "--model", head, "--push")
    assert result.exit_code == 2 and "--push needs --repo-id" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--private"], "error: --private is of the repository that --push makes; add --push, or leave it out."),
        (["--license", ""], "error: --license is empty; give the licence's identifier, such as apache-2.0, or leave"),
    ],
)
def test_options_that_would_do_nothing(run, head, tmp_path, options, message):
    result = run(tmp_path / "out", "--model", head, *options)
    assert result.exit_code == 2 and message in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["export-hub", "export-onnx"])
def test_a_model_is_not_replaced_by_what_is_made_of_it(head, name):
    before = sorted(head.iterdir())
    result = CliRunner().invoke(app, [name, str(head), "--model", str(head), "--overwrite"])
    assert result.exit_code == 2 and "is the --model itself, which would be gone: name another --output." in " ".join(
        result.stderr.split()
    )
    assert sorted(head.iterdir()) == before


def test_a_model_without_heads(run, tmp_path):
    tiny_model(WhisperATForAudioClassification, heads={}).save_pretrained(tmp_path / "model")
    WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(tmp_path / "model")
    result = run(tmp_path / "out", "--model", tmp_path / "model")
    assert result.exit_code == 2 and "has no tagging heads" in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()
