"""What long commands say of how far they are."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from whisper_at_hf.cli import support
from whisper_at_hf.cli.support import ProgressLines, file_progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the machine was started, which only move by hand."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(support.time, "monotonic", lambda: clock.now)
    return clock


def test_a_line_now_and_then(clock):
    said = []
    lines = ProgressLines(500, said.append)
    for _ in range(120):
        clock.now += 1.0
        lines.advance(1, 0)
    lines.advance(0, 3)
    clock.now += 29.5
    lines.advance(0, 0)  # 30 s after the last line, but just not yet
    clock.now += 0.5
    lines.advance(0, 0)
    assert said == [
        "30 of 500 files, about 8 min left",
        "60 of 500 files, about 7 min left",
        "90 of 500 files, about 7 min left",
        "120 of 500 files, about 6 min left",
        "120 of 500 files, 3 with errors, about 8 min left",
    ]


@pytest.mark.parametrize(
    ("each", "left"), [(0.4, "39 s"), (0.9, "88 s"), (1.0, "2 min"), (60.0, "98 min"), (73.0, "1 h 59 min")]
)
def test_times_in_words(clock, each, left):
    said = []
    lines = ProgressLines(198, said.append)
    clock.now += 100 * each
    lines.advance(100, 0)
    assert said == [f"100 of 198 files, about {left} left"]


def test_nothing_is_said_before_the_first_file_and_after_the_last(clock):
    said = []
    lines = ProgressLines(2, said.append)
    clock.now += 60
    lines.advance(-1, 0)
    lines.advance(3, 0)
    assert not said


@pytest.mark.parametrize(("quiet", "said"), [(False, "1 of 2 files, 1 with errors, about 60 s left\n"), (True, "")])
def test_where_there_is_no_terminal(clock, capsys, quiet, said):
    with file_progress(2, quiet) as advance:
        clock.now += 60
        advance(errors=1)
    assert capsys.readouterr().err == said


def test_a_terminal_has_a_bar_and_no_lines(clock, capsys, monkeypatch):
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(support, "console", screen)
    with file_progress(2, quiet=False) as advance:
        clock.now += 60
        advance(errors=1)
    shown = screen.file.getvalue()
    assert "files, 1 with errors" in shown and "1/2" in shown and capsys.readouterr().err == ""
