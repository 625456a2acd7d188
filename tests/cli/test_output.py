"""Results on the screen and in files, which appear whole or not at all."""

import io
import json
import os

import numpy as np
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.cli.output import ResultWriter, format_result
from whisper_at_hf.cli.record import Record

TAGS = [
    {
        "timestamp": (0.0, 10.0),
        "tags": [{"label": "Waves, surf", "score": 0.987}, {"label": "Rain", "score": 0.25}],
    },
    {"timestamp": (10.0, 75.26), "tags": []},
]
RESULT = {"text": " Grüß dich.", "language": "de", "audio_tags": TAGS}


def test_a_json_line_holds_the_whole_result():
    logits = np.array([[1.5, -2.25], [0.0, 3.0]], dtype=np.float32)
    line = format_result("süd/a.wav", {**RESULT, "tag_logits": logits}, "json")

    assert line.endswith("\n") and line.count("\n") == 1
    assert "Grüß" in line and "süd" in line
    assert json.loads(line) == {
        "file": "süd/a.wav",
        "text": " Grüß dich.",
        "language": "de",
        "audio_tags": [{**window, "timestamp": list(window["timestamp"])} for window in TAGS],
        "tag_logits": [[1.5, -2.25], [0.0, 3.0]],
    }


def test_text_for_people():
    assert format_result("a.wav", RESULT, "txt").splitlines() == [
        "Grüß dich.",
        "",
        "[00:00.0 - 00:10.0]  Waves, surf 0.99, Rain 0.25",
        "[00:10.0 - 01:15.3]  -",
    ]


def test_events_and_groups_for_people():
    result = {
        "audio_tags": [{**TAGS[0], "groups": [{"label": "Natural sounds", "score": 0.987}]}],
        "audio_events": [{"label": "Rain", "timestamp": (2.0, 9.6), "score": 0.75}],
        "events_by_head": {"mine": [{"label": "Drill", "timestamp": (0.4, 2.0), "score": 0.5}]},
    }
    assert format_result("a.wav", result, "txt").splitlines() == [
        "[00:00.0 - 00:10.0]  Waves, surf 0.99, Rain 0.25  (Natural sounds 0.99)",
        "",
        "# events of mine",
        "[00:00.4 - 00:02.0]  Drill 0.50",
    ]
    del result["events_by_head"]
    assert format_result("a.wav", result, "txt").splitlines()[2:] == ["# events", "[00:02.0 - 00:09.6]  Rain 0.75"]


def test_nothing_in_a_text_reaches_the_terminal():
    hostile = "\x1b[31mred\x07 \u202eright\nleft"
    tags = [{"timestamp": (0.0, 1.0), "tags": [{"label": hostile, "score": 0.5}]}]
    result = {"text": hostile, "chunks": [{"text": hostile, "timestamp": (0.0, 1.0)}], "audio_tags": tags}
    shown = format_result(hostile, result, "txt")
    assert shown.splitlines() == [
        "[00:00.0 - 00:01.0]  [31mred right left",
        "",
        "[00:00.0 - 00:01.0]  [31mred right left 0.50",
    ]
    stream = io.StringIO()
    ResultWriter(None, "txt", [hostile, "b.wav"], stream).write(hostile, result)
    assert stream.getvalue().startswith("== [31mred right left\n")


def test_text_with_times():
    chunks = [{"text": " One.", "timestamp": (0.0, 59.97)}, {"text": " Two.", "timestamp": (60.0, None)}]
    assert format_result("a.wav", {"text": " One. Two.", "chunks": chunks}, "txt").splitlines() == [
        "[00:00.0 - 01:00.0]  One.",
        "[01:00.0 -   end  ]  Two.",
    ]


def test_tags_only_and_text_only():
    assert format_result("a.wav", {"audio_tags": TAGS[1:]}, "txt") == "[00:10.0 - 01:15.3]  -\n"
    assert format_result("a.wav", {"text": " "}, "txt") == "(no speech)\n"


def test_named_heads_have_headings():
    result = {"audio_tags": TAGS, "tags_by_head": {"moods": TAGS[1:], "sounds": TAGS[:1]}}
    assert format_result("a.wav", result, "txt").splitlines() == [
        "# moods",
        "[00:10.0 - 01:15.3]  -",
        "# sounds",
        "[00:00.0 - 00:10.0]  Waves, surf 0.99, Rain 0.25",
    ]


def test_several_results_on_the_screen_name_their_file():
    stream = io.StringIO()
    writer = ResultWriter(None, "txt", ["a.wav", "b.wav"], stream)
    writer.write("a.wav", {"text": "One."})
    writer.write("b.wav", {"text": "Two."})
    assert stream.getvalue() == "== a.wav\nOne.\n\n== b.wav\nTwo.\n\n"


def test_json_on_the_screen_is_one_object_a_line():
    stream = io.StringIO()
    writer = ResultWriter(None, "json", ["a.wav", "b.wav"], stream)
    for name in ("a.wav", "b.wav"):
        writer.write(name, RESULT)
    assert [json.loads(line)["file"] for line in stream.getvalue().splitlines()] == ["a.wav", "b.wav"]


def test_one_result_on_the_screen_has_no_heading():
    stream = io.StringIO()
    ResultWriter(None, "txt", ["a.wav"], stream).write("a.wav", {"text": "One."})
    assert stream.getvalue() == "One.\n"


def test_a_folder_gets_a_file_for_each_source(tmp_path):
    folder = tmp_path / "new" / "results"
    writer = ResultWriter(folder, "json", ["x/a.wav", "https://host/b.mp3"], io.StringIO())
    writer.write("x/a.wav", RESULT)
    writer.write("https://host/b.mp3", RESULT)
    assert sorted(file.name for file in folder.iterdir()) == ["a.wav.json", "b.mp3.json"]
    assert json.loads((folder / "a.wav.json").read_text(encoding="utf-8"))["file"] == "x/a.wav"


def test_equal_names_do_not_overwrite_each_other(tmp_path):
    sources = ["in/x/a.wav", "in/y/z/a.wav", "in/b.wav"]
    writer = ResultWriter(tmp_path, "json", sources, io.StringIO())
    for source in sources:
        writer.write(source, RESULT)
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.json")}
    assert written == {"x/a.wav.json", "y/z/a.wav.json", "b.wav.json"}
    for name in written:
        found = json.loads((tmp_path / name).read_text(encoding="utf-8"))["file"]
        assert f"{found}.json" == f"in/{name}"


def test_results_that_were_made_of_the_same_are_left_out(tmp_path):
    sources = ["in/a.wav", "in/b.wav", "in/c.wav"]

    def writer(**settings):
        found = ResultWriter(tmp_path, "json", sources, io.StringIO())
        found.record = Record(tmp_path, settings)
        return found

    assert writer(top_k=1).unfinished(sources) == sources
    for source in sources[:2]:
        writer(top_k=1).write(source, RESULT)
    assert writer(top_k=1).unfinished(sources) == ["in/c.wav"]
    assert writer(top_k=2).unfinished(sources) == sources
    writer(top_k=2).write("in/a.wav", RESULT)
    assert writer(top_k=1).unfinished(sources) == ["in/a.wav", "in/c.wav"]


def test_a_second_run_replaces_the_first(tmp_path):
    for text in ("old", "new"):
        ResultWriter(tmp_path, "txt", ["a.wav"], io.StringIO()).write("a.wav", {"text": text})
    assert [file.read_text() for file in tmp_path.iterdir()] == ["new\n"]


def test_a_single_file(tmp_path):
    target = tmp_path / "deep" / "result.json"
    ResultWriter(target, "json", ["a.wav"], io.StringIO()).write("a.wav", RESULT)
    assert json.loads(target.read_text(encoding="utf-8"))["text"] == " Grüß dich."
    assert list(target.parent.iterdir()) == [target]


def test_one_file_cannot_take_several_results(tmp_path):
    with pytest.raises(InputError, match="result.json.*2 inputs.*name a folder"):
        ResultWriter(tmp_path / "result.json", "json", ["a.wav", "b.wav"], io.StringIO())


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "taken").write_text("mine")
    for output in (tmp_path / "taken", tmp_path / "taken" / "deeper", tmp_path / "taken" / "result.json"):
        with pytest.raises(InputError, match="taken.*name another --output"):
            ResultWriter(output, "json", ["a.wav"], io.StringIO())
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("name", ["results", "result.json"])
def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(tmp_path, monkeypatch, name):
    """As on a disk that is mounted read-only."""
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(InputError, match="cannot be written to; name another --output"):
        ResultWriter(tmp_path / name, "json", ["a.wav"], io.StringIO())


def test_a_name_of_another_format_is_refused(tmp_path):
    with pytest.raises(InputError, match="result.json.*add --format json"):
        ResultWriter(tmp_path / "result.json", "txt", ["a.wav"], io.StringIO())


def test_a_file_that_is_a_folder_is_refused_before_any_work(tmp_path):
    (tmp_path / "result.json").mkdir()
    with pytest.raises(InputError, match="result.json"):
        ResultWriter(tmp_path / "result.json", "json", ["a.wav"], io.StringIO())


def test_a_name_too_long_for_a_file_is_refused_before_any_work(tmp_path):
    with pytest.raises(InputError, match="cannot be written .File name too long"):
        ResultWriter(tmp_path / f"{'b' * 300}.json", "json", ["a.wav"], io.StringIO())


@pytest.mark.parametrize("output", ["", "a.txt"])
def test_a_result_does_not_take_the_place_of_an_input(tmp_path, output):
    """Sound may be named like a text; it would be gone."""
    lost = tmp_path / (output or "b.wav.txt")
    sources = [str(lost)] if output else [str(tmp_path / "b.wav"), str(lost)]
    with pytest.raises(InputError, match=f"'{lost}' is an input, and a result would replace it; name another"):
        ResultWriter(tmp_path / output, "txt", sources, io.StringIO())
