"""Results of standard input, window by window or whole, from a stand-in for the pipeline."""

import io
import sys
from types import SimpleNamespace

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.cli.output import ResultWriter
from whisper_at_hf.cli.standard_input import run_standard_input

WINDOWS = [
    {"text": " One.", "timestamp": (0, 30), "chunks": [{"text": " One.", "timestamp": (1.0, 2.5)}]},
    {"text": " Two.", "timestamp": (30, 60), "chunks": [{"text": " Two.", "timestamp": (31.0, 32.5)}]},
]


def run(writer, windows, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=None))
    run_standard_input(SimpleNamespace(stream=lambda *_, **__: iter(windows)), writer, None, {})


def test_text_comes_window_by_window(monkeypatch):
    stream, shown = io.StringIO(), []

    def windows():
        for window in WINDOWS:
            shown.append(stream.getvalue())
            yield window

    run(ResultWriter(None, "txt", ["-"], stream), windows(), monkeypatch)
    assert shown == ["", "[00:01.0 - 00:02.5]  One.\n"]


def test_captions_come_whole_with_numbers_and_times_that_go_on(monkeypatch):
    stream = io.StringIO()
    run(ResultWriter(None, "srt", ["-"], stream), WINDOWS, monkeypatch)
    assert stream.getvalue() == (
        "1\n00:00:01,000 --> 00:00:02,500\nOne.\n\n2\n00:00:31,000 --> 00:00:32,500\nTwo.\n\n"
    )


def test_what_came_before_the_sound_broke_off_is_written(monkeypatch, tmp_path):
    def windows():
        yield WINDOWS[0]
        raise InputError("unusable.")

    with pytest.raises(InputError, match="unusable"):
        run(ResultWriter(tmp_path / "a.vtt", "vtt", ["-"], io.StringIO()), windows(), monkeypatch)
    assert "One." in (tmp_path / "a.vtt").read_text()
