"""`whisper-at plot`: what a user types, sees and finds; errors are one sentence and exit code 2."""

import importlib.util
import json
import warnings

import numpy as np
import pytest
import soundfile
from PIL import Image
from transformers.utils import logging
from typer.testing import CliRunner

from whisper_at_hf.cli import app, plotting
from whisper_at_hf.cli.output import format_result

RESULT = {
    "text": " Good dog.",
    "chunks": [{"text": " Good dog.", "timestamp": (0.2, 0.9)}],
    "audio_events": [{"label": "Dog", "timestamp": (0.4, 1.0), "score": 0.8}],
    "event_scores": {"labels": ["Dog"], "times": np.array([0.2, 0.6, 0.9]), "scores": np.array([[0.1], [0.8], [0.7]])},
}


@pytest.fixture
def plot(monkeypatch):
    """Runs `whisper-at plot ...` in this process, and puts back what it calms."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    verbosity = logging.get_verbosity()

    def plot(*arguments):
        with warnings.catch_warnings():
            return CliRunner().invoke(app, ["plot", *map(str, arguments)])

    yield plot
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()


@pytest.fixture
def tone(tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(16000) / 5), 16000)
    return path


@pytest.fixture
def result_file(tmp_path, tone):
    path = tmp_path / "tone.json"
    path.write_text(format_result(str(tone), RESULT, "json"))
    return path


def page_data(path) -> dict:
    text = path.read_text(encoding="utf-8").split('<script id="data" type="application/json">')[1]
    return json.loads(text.split("</script>")[0])


def assert_one_sentence(done, message):
    assert done.exit_code == 2, done.output
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    assert message in lines[0], lines[0]


def test_a_picture_of_a_result(plot, tone, result_file, tmp_path):
    done = plot(tone, "--result", result_file, "--output", tmp_path / "tone.png", "--kind", "waveform")
    assert done.exit_code == 0, done.output
    assert "Wrote" in done.stderr
    with Image.open(tmp_path / "tone.png") as image:
        assert image.size[0] == 1200


def test_a_page_of_a_result(plot, tone, result_file, tmp_path):
    done = plot(tone, "--result", result_file, "--output", tmp_path / "tone.html", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    data = page_data(tmp_path / "tone.html")
    assert data["title"] == "tone.wav" and data["seconds"] == 1
    assert data["chunks"] == [[0.2, 0.9, "Good dog."]] and data["events"] == [[0.4, 1, 0, 80]]
    assert data["heat"]["scores"] == [[10, 80, 70]]
    plot(tone, "--result", result_file, "--output", tmp_path / "tone.html", "--title", "")
    assert page_data(tmp_path / "tone.html")["title"] == ""


def test_the_files_own_line_of_many(plot, tone, tmp_path):
    other = {**RESULT, "chunks": [], "text": " Another one."}
    lines = tmp_path / "all.jsonl"
    lines.write_text(format_result("other.wav", other, "json") + "\n" + format_result(str(tone), RESULT, "json"))
    assert plot(tone, "--result", lines, "--output", tmp_path / "page.html").exit_code == 0
    assert page_data(tmp_path / "page.html")["chunks"][0][2] == "Good dog."
    lines.write_text(2 * format_result("other.wav", other, "json"))
    done = plot(tone, "--result", lines, "--output", tmp_path / "page.html")
    assert_one_sentence(done, f"holds 2 results, 0 of them of '{tone}'")


def test_lines_end_with_newlines_alone(plot, tone, tmp_path):
    own = {"file": str(tone), **RESULT, "event_scores": None, "chunks": []}
    rows = [{**own, "text": "One\u2028and\x85two."}, {**own, "file": "other.wav"}]
    lines = tmp_path / "all.jsonl"
    lines.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8-sig")
    done = plot(tone, "--result", lines, "--output", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    assert page_data(tmp_path / "page.html")["chunks"][0][2] == "One\u2028and\x85two."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no result"),
        ("[1]", "holds no result"),
        ('{"text": ', "is no JSON"),
        ('{"a": 1}\n{"b"', "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"a": ' + "1" * 5000 + "}", "is no JSON"),
        ('{"chunks": 5}', "bad.json': chunks is no list"),
        (b"\xff\xfe\x00", "is no text"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_result(plot, tone, tmp_path, text, message):
    path = tmp_path / "bad.json"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert_one_sentence(plot(tone, "--result", path, "--output", tmp_path / "page.html"), message)
    assert not (tmp_path / "page.html").exists()


def test_bad_files_and_names(plot, tone, result_file, tmp_path):
    assert_one_sentence(plot(tone, "--output", tmp_path / "tone.gif"), "name it .png, .svg or .html")
    missing = plot(tmp_path / "missing.wav", "--result", result_file, "--output", tmp_path / "a.html")
    assert_one_sentence(missing, "does not exist")
    nowhere = plot(tone, "--result", result_file, "--output", tmp_path / "missing" / "a.png")
    assert_one_sentence(nowhere, "cannot be written")
    assert plot(tone).exit_code == 2  # no output


def test_without_matplotlib(plot, tone, result_file, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "matplotlib" else find(name))
    assert_one_sentence(plot(tone, "--output", tmp_path / "a.png"), 'pip install "whisper-at-hf[plot]"')
    assert plot(tone, "--result", result_file, "--output", tmp_path / "a.html").exit_code == 0


@pytest.fixture
def asked(monkeypatch, default_model):
    """What the pipeline is asked for; it answers with the result above."""
    calls = []

    def answer(pipe, sound, **parameters):
        pipe.check(**parameters)
        calls.append((len(sound["raw"]), sound["sampling_rate"], parameters))
        return RESULT

    monkeypatch.setattr("whisper_at_hf.WhisperATPipeline.__call__", answer)
    monkeypatch.setattr(plotting, "default_model_path", lambda: default_model)
    return calls


@pytest.mark.real
def test_the_model_is_asked_for_all_that_is_shown(plot, asked, tone, tmp_path):
    done = plot(tone, "--output", tmp_path / "page.html", "--batch-size", 2, "--language", "en")
    assert done.exit_code == 0, done.output
    assert page_data(tmp_path / "page.html")["chunks"][0][2] == "Good dog."
    ((samples, rate, parameters),) = asked
    assert (samples, rate) == (16000, 16000)
    wanted = {"return_timestamps": True, "return_events": True, "return_event_scores": True, "batch_size": 2}
    assert parameters == {**wanted, "generate_kwargs": {}}


@pytest.mark.real
def test_a_language_that_the_model_does_not_know(plot, asked, tone, tmp_path):
    done = plot(tone, "--output", tmp_path / "page.html", "--language", "de")
    assert_one_sentence(done, "English only")


@pytest.mark.real
@pytest.mark.long
def test_a_recording_from_end_to_end(plot, default_model, tmp_path):
    from whisper_at_hf.conversion.default_model import sample_path

    done = plot(sample_path(), "--output", tmp_path / "page.html", "--model", default_model)
    assert done.exit_code == 0, done.output
    data = page_data(tmp_path / "page.html")
    assert data["seconds"] == 20 and data["chunks"]
    assert "Speech" in data["eventLabels"] and "Speech" in data["heat"]["labels"]
