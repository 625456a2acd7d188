"""The command line as a user runs it, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import srt
import webvtt
from typer.testing import CliRunner

from whisper_at_hf import __version__
from whisper_at_hf.cli import app
from whisper_at_hf.conversion.default_model import default_head_path, sample_path

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def run(default_model):
    """Runs `whisper-at ...` offline with the default model's cache of this session."""

    offline = {"WHISPER_AT_CACHE": str(default_model.parent), "HF_HUB_OFFLINE": "1"}

    def run(*arguments, stdin=os.devnull, **environment):
        with open(stdin, "rb") as standard_input:
            return subprocess.run(
                [sys.executable, "-m", "whisper_at_hf.cli", *map(str, arguments)],
                stdin=standard_input,
                capture_output=True,
                text=True,
                env={**os.environ, **offline, **environment},
            )

    return run


@pytest.fixture
def tone(tmp_path):
    """A file that has sound, and is quick to tag."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(8000) / 5), 16000)
    return path


def test_the_version():
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0 and result.output == f"whisper-at {__version__}\n"


def test_transcribe_shows_text_and_tags(run):
    result = run("transcribe", sample_path())
    assert result.returncode == 0, result.stderr
    lines = result.stdout.strip().splitlines()
    assert lines[0] and not lines[1]
    assert lines[2].startswith("[00:00.0 - 00:10.0]  ") and "Speech" in lines[2]
    assert result.stderr == ""


def test_json_lines_in_files_of_an_output_folder(run, tone, tmp_path):
    output = tmp_path / "results"
    result = run("tag", tone, sample_path(), "--format", "json", "--output", output, "--at-time-res", 2, "-q")
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert {path.name for path in output.iterdir()} == {"tone.wav.json", "sample.flac.json", ".whisper-at.jsonl"}
    tagged = json.loads((output / "sample.flac.json").read_text())
    assert tagged["file"] == str(sample_path())
    assert tagged["audio_tags"][1]["timestamp"] == [2.0, 4.0]


def test_a_run_is_gone_on_with(run, tone, tmp_path):
    """Two files of one name and a bad one, which is then mended."""
    other, bad, output = tmp_path / "other" / "tone.wav", tmp_path / "bad.wav", tmp_path / "results"
    other.parent.mkdir()
    shutil.copy(tone, other)
    bad.write_text("no sound")
    arguments = ["tag", tone, other, bad, "--output", output, "--resume"]
    first = run(*arguments)
    assert first.returncode == 2 and first.stderr.startswith("0 of 3 files are finished already\nerror: No sound in")
    results = [output / "tone.wav.txt", output / "other" / "tone.wav.txt"]
    times = [path.stat().st_mtime_ns for path in results]
    shutil.copy(tone, bad)
    second = run(*arguments)
    assert second.returncode == 0 and second.stderr == "2 of 3 files are finished already\n"
    assert [path.stat().st_mtime_ns for path in results] == times
    assert (output / "bad.wav.txt").read_text() == results[0].read_text()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("tone.wav", "error: --resume looks for results in a folder; name one with --output.\n"),
        ("-", "error: --resume needs files, not standard input, which is gone once it was heard; leave it out.\n"),
    ],
)
def test_what_cannot_be_gone_on_with(file, message):
    result = CliRunner().invoke(app, ["tag", file, "--resume"])
    assert result.exit_code == 2 and result.stderr == message


def test_captions_of_speech_and_sounds_in_a_file_named_for_them(run, tmp_path):
    result = run("transcribe", sample_path(), "--output", tmp_path / "sample.srt", "--captions", "sdh")
    assert result.returncode == 0 and result.stdout == result.stderr == "", result.stderr
    cues = list(srt.parse((tmp_path / "sample.srt").read_text(encoding="utf-8")))
    assert cues[0].content.startswith("Hello and welcome.") and cues[-1].content == "[rain]"
    assert cues[-1].start.total_seconds() > cues[-2].end.total_seconds()


def test_captions_of_standard_input_are_one_file(run, talk):
    result = run("transcribe", "-", "--format", "vtt", stdin=talk)
    assert result.returncode == 0 and result.stdout.count("WEBVTT") == 1, result.stderr
    captions = webvtt.from_string(result.stdout)
    assert [caption.identifier for caption in captions] == [str(number + 1) for number in range(len(captions))]
    assert captions[-1].start_in_seconds > 20


def _bad_files(folder):
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("This is not audio. " * 50)
    soundfile.write(folder / "no-samples.wav", np.zeros(0, np.float32), 16000)
    soundfile.write(folder / "nan.wav", np.array([0.1, np.nan, 0.1] * 100, np.float32), 16000, subtype="FLOAT")
    _silent_video(folder / "video.mp4")
    return [folder / name for name in ("missing.wav", "", "empty.wav", "text.wav", "no-samples.wav", "nan.wav")] + [
        folder / "video.mp4"
    ]


def _silent_video(path):
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_bad_files_are_named_and_the_others_done(run, tone, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    bad = _bad_files(folder)
    result = run("tag", *bad[:3], tone, *bad[3:], "--format", "json", "--batch-size", 2)
    assert result.returncode == 2
    done = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["file"] for row in done] == [str(tone)]
    errors = [line for line in result.stderr.splitlines() if line]
    assert len(errors) == len(bad), result.stderr
    for path, error in zip(bad, errors, strict=True):
        assert error.startswith("error: ") and str(path) in error
        assert error.endswith(".")


@pytest.mark.parametrize(
    "options, message",
    [
        (["--at-time-res", "0"], "at_time_res=0 "),
        (["--at-time-res", "-1"], "at_time_res=-1 "),
        (["--at-time-res", "0.3"], "at_time_res=0.3 "),
        (["--at-time-res", "1e9"], "at_time_res=1e+09 "),
        (["--at-hop", "0.3"], "at_hop=0.3 "),
        (["--at-hop", "12"], "at_hop=12 "),
        (["--labels", "Sea serpent"], "'Sea serpent' is no label of the head"),
        (["--head", "emotion"], "no head 'emotion'"),
        (["--threshold", "loud"], "--threshold 'loud'"),
        (["--model", "no/such/model"], "'no/such/model' is neither"),
        (["--device", "toaster"], "--device 'toaster'"),
        (["--dtype", "int3"], "--dtype 'int3'"),
    ],
)
def test_bad_options_are_one_sentence_and_exit_code_2(run, tone, options, message):
    result = run("tag", tone, *options)
    assert result.returncode == 2
    assert message in result.stderr and result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.stderr
    assert result.stdout == ""


def test_audio_that_must_work(run, tmp_path):
    files = {
        "one-sample.wav": (np.zeros(1), 16000),
        "10ms.wav": (np.full(160, 0.1), 16000),
        "silence.wav": (np.zeros(16000), 16000),
        "eight-channels.wav": (np.zeros((16000, 8)), 16000),
        "192khz.wav": (np.zeros(192000), 192000),
    }
    for name, (samples, rate) in files.items():
        soundfile.write(tmp_path / name, samples, rate)
    mp3 = tmp_path / "truncated.mp3"
    soundfile.write(mp3, 0.1 * np.sin(np.arange(160000) / 5), 16000, format="MP3")
    mp3.write_bytes(mp3.read_bytes()[: mp3.stat().st_size // 3])
    paths = [tmp_path / name for name in files] + [mp3]
    result = run("tag", *paths, "--format", "json", "--batch-size", 3)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["file"] for row in rows] == [str(path) for path in paths]
    assert "warning: " in result.stderr and "truncated.mp3" in result.stderr
    assert 1 < rows[-1]["audio_tags"][-1]["timestamp"][1] < 9


def test_a_language_that_the_model_lacks(run, tone):
    assert run("transcribe", tone, "--language", "en").returncode == 0
    result = run("transcribe", tone, "--language", "de")
    assert result.returncode == 2 and "English only" in result.stderr


def test_a_folder_without_decoder_tags_and_does_not_transcribe(run, default_model, tone, tmp_path):
    from transformers import WhisperProcessor

    from whisper_at_hf import WhisperATForAudioClassification

    WhisperATForAudioClassification.from_pretrained(default_model).save_pretrained(tmp_path / "model")
    WhisperProcessor.from_pretrained(default_model).save_pretrained(tmp_path / "model")
    assert run("tag", tone, "--model", tmp_path / "model").returncode == 0
    result = run("transcribe", tone, "--model", tmp_path / "model")
    assert result.returncode == 2 and result.stderr.startswith("error: This model has no decoder")


def test_info_and_convert(run, tiny_en_ctranslate2, tmp_path):
    assert run("info").stdout.count("Crackle") == 0
    shown = run("info", "--labels")
    assert shown.returncode == 0 and "4 layers, 384 wide" in shown.stdout and "Crackle" in shown.stdout
    output = tmp_path / "model"
    result = run("convert", "--whisper", tiny_en_ctranslate2, "--output", output)
    assert result.returncode == 0, result.stderr
    assert "0 tagging heads" in run("info", output).stdout
    again = run("convert", "--whisper", tiny_en_ctranslate2, "--output", output)
    assert again.returncode == 2 and "not empty" in again.stderr


def test_pickles_that_would_run_code_are_refused(run, tiny_en_ctranslate2, tmp_path):
    import pickle

    class Payload:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "hacked"),))

    head = tmp_path / "head.pth"
    head.write_bytes(pickle.dumps({"at_model.x": Payload()}))
    result = run("convert", "--whisper", tiny_en_ctranslate2, "--head", head, "--output", tmp_path / "out")
    assert result.returncode == 2 and "head.pth" in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "hacked").exists() and not (tmp_path / "out").exists()


def test_broken_models_are_refused_with_the_reason(run, tone, default_model, tmp_path):
    truncated = shutil.copytree(default_model, tmp_path / "truncated")
    weights = truncated / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    deeper = shutil.copytree(default_model, tmp_path / "deeper")
    config = json.loads((deeper / "config.json").read_text())
    config["decoder_layers"] = 6
    (deeper / "config.json").write_text(json.dumps(config))
    head = default_head_path()
    for model, message in ((truncated, "cannot be read"), (deeper, "lacks"), (head, "holds a head alone")):
        result = run("transcribe", tone, "--model", model)
        assert result.returncode == 2 and message in result.stderr and str(model) in result.stderr, result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_a_damaged_source_is_one_sentence(run, tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "config.json").write_text("[]")
    result = run("convert", "--whisper", tmp_path / "source", "--output", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {tmp_path / 'source'} holds files that cannot be used")
    assert len(result.stderr.strip().splitlines()) == 1 and not (tmp_path / "out").exists()


# --- standard input ---


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Longer than a window: 32 s."""
    sample, rate = soundfile.read(sample_path(), dtype="float32")
    path = tmp_path_factory.mktemp("talk") / "talk.flac"
    soundfile.write(path, np.concatenate([sample, sample])[: 32 * rate], rate)
    return path


def test_standard_input_is_transcribed_window_by_window(run, talk):
    shown = run("transcribe", "-", "--format", "json", stdin=talk)
    assert shown.returncode == 0 and shown.stderr == "", shown.stderr
    first, second = (json.loads(line) for line in shown.stdout.splitlines())
    assert {"file", "timestamp", "text", "language", "audio_tags"} == set(first) == set(second)
    assert first["timestamp"][0] == 0 and second["timestamp"] == [first["timestamp"][1], 32.0]
    whole = json.loads(run("transcribe", talk, "--format", "json", "-q").stdout)
    assert first["text"] + second["text"] == whole["text"]
    times = [row["timestamp"] for row in first["audio_tags"] + second["audio_tags"]]
    assert times == [row["timestamp"] for row in whole["audio_tags"]]


def test_standard_input_is_tagged_window_by_window(run, talk):
    shown = run("tag", "-", "--format", "json", "--batch-size", 3, stdin=talk)
    assert shown.returncode == 0, shown.stderr
    windows = [json.loads(line) for line in shown.stdout.splitlines()]
    times = [[0.0, 10.0], [10.0, 20.0], [20.0, 30.0], [30.0, 32.0]]
    assert [window["timestamp"] for window in windows] == times
    assert [row["timestamp"] for window in windows for row in window["audio_tags"]] == times


@pytest.mark.parametrize(("output", "written"), [("talk.txt", "talk.txt"), ("results", "results/stdin.txt")])
def test_standard_input_into_one_file(run, talk, tmp_path, output, written):
    result = run("tag", "-", "--output", tmp_path / output, stdin=talk)
    assert result.returncode == 0 and result.stdout == "", result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / written]
    lines = (tmp_path / written).read_text().splitlines()
    assert [line[:19] for line in lines[::3]] == ["[00:00.0 - 00:10.0]", "[00:30.0 - 00:32.0]"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["tag", "-", "tone.wav"], sample_path(), "cannot be one of several files; name it alone."),
        (["transcribe", "-", "--mode", "sequential"], sample_path(), "--mode sequential needs a whole file"),
        (["tag", "-", "--output", "out.txt"], __file__, "standard input"),
        (["tag", "-", "--output", "out.txt"], os.devnull, "standard input"),
    ],
    ids=["several files", "sequential", "junk", "nothing"],
)
def test_bad_standard_input_is_one_sentence_and_exit_code_2(run, tmp_path, monkeypatch, arguments, stdin, message):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, stdin=stdin)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith("error: ") and message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.stderr
    assert not list(tmp_path.iterdir())


def test_help_has_examples():
    for command in ("transcribe", "tag", "convert", "info"):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0 and "Examples" in result.stdout and f"whisper-at {command}" in result.stdout
