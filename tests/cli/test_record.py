"""A result counts as finished if it is there and was made of the same file with the same settings, and never else."""

import os
from pathlib import PurePath

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.cli.record import NAME, Record

RESULT = PurePath("x/a.wav.txt")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "x").mkdir()
    return tmp_path


def write(folder, source="a.wav", **settings):
    Record(folder, settings).begin(RESULT, source)
    (folder / RESULT).write_text("old")


def is_finished(folder, source="a.wav", **settings):
    return Record(folder, settings).is_finished(RESULT, source)


def test_the_same_file_and_settings(folder, monkeypatch):
    write(folder, top_k=3, wording={"a": 1, "b": 2})
    assert is_finished(folder, wording={"b": 2, "a": 1}, top_k=3)
    assert is_finished(folder, os.path.abspath("a.wav"), top_k=3, wording={"a": 1, "b": 2})
    monkeypatch.chdir(folder)
    assert not is_finished(folder, top_k=3, wording={"a": 1, "b": 2})  # another file a.wav


def test_other_settings_and_files_are_not_finished(folder):
    write(folder, top_k=3)
    assert not is_finished(folder, top_k=4)
    assert not is_finished(folder, "b.wav", top_k=3)
    (folder / RESULT).unlink()
    assert not is_finished(folder, top_k=3)


def test_a_file_that_was_replaced_is_another_one(folder):
    source = folder / "a.wav"
    source.write_bytes(b"one")
    write(folder, str(source))
    assert is_finished(folder, str(source))
    source.write_bytes(b"other")
    assert not is_finished(folder, str(source))


def test_a_result_without_a_line_is_not_finished(folder):
    (folder / RESULT).write_text("of an older version")
    assert not is_finished(folder)


def test_what_is_begun_anew_keeps_no_older_result(folder):
    """A kill before the new result is there must not leave the older one under the new line."""
    write(folder, top_k=3)
    Record(folder, {"top_k": 3}).begin(RESULT, "a.wav")
    assert (folder / RESULT).exists() and is_finished(folder, top_k=3)
    Record(folder, {"top_k": 4}).begin(RESULT, "a.wav")
    assert not (folder / RESULT).exists() and not is_finished(folder, top_k=4)


def test_a_kill_before_the_line_is_written(folder, monkeypatch):
    """The older result has to be gone by then, or it would be taken for one of the new settings."""
    write(folder, top_k=3)
    with monkeypatch.context() as patch:
        patch.setattr("whisper_at_hf.cli.record.open_to_append", lambda path: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            Record(folder, {"top_k": 4}).begin(RESULT, "a.wav")
    assert not (folder / RESULT).exists() and not is_finished(folder, top_k=3)


@pytest.mark.parametrize("cut", [1, 5, 40, 90])
def test_a_line_that_is_cut_off_costs_that_result_alone(folder, cut):
    write(folder)
    Record(folder, {}).begin(PurePath("b.txt"), "b.wav")
    (folder / "b.txt").write_text("whole")
    os.truncate(folder / NAME, (folder / NAME).stat().st_size - cut)
    assert is_finished(folder) and not Record(folder, {}).is_finished(PurePath("b.txt"), "b.wav")
    Record(folder, {}).begin(PurePath("b.txt"), "b.wav")
    (folder / "b.txt").write_text("whole")
    assert is_finished(folder) and Record(folder, {}).is_finished(PurePath("b.txt"), "b.wav")


@pytest.mark.parametrize("line", [b"1", b"[1]", b'["a", {}]', b"\xff", b'["a", "b", "c", "d"]', b"[[], 1, 1]"])
def test_lines_that_say_nothing(folder, line):
    write(folder)
    with (folder / NAME).open("ab") as file:
        file.write(b"\n" + line)
    assert is_finished(folder)


def test_names_that_are_not_utf_8(folder):
    source = os.fsdecode(b"\xff\n.wav")
    result = PurePath(f"{source}.txt")
    Record(folder, {}).begin(result, source)
    (folder / result).write_text("old")
    assert Record(folder, {}).is_finished(result, source)


def test_a_planted_link_is_not_written_through(folder):
    (folder / "mine").write_text("mine")
    record = Record(folder, {})
    (folder / NAME).symlink_to(folder / "mine")
    with pytest.raises(InputError, match=r"whisper-at.jsonl' cannot be written \(.*\); name another --output"):
        record.begin(PurePath("a.wav.txt"), "a.wav")
    assert (folder / "mine").read_text() == "mine"


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("elsewhere")])
def test_what_is_no_plain_file_is_refused_at_once(folder, make):
    make(folder / NAME)
    with pytest.raises(InputError, match="whisper-at.jsonl' is no plain file; delete it, or name another --output"):
        Record(folder, {})


def test_a_record_that_cannot_be_read(folder):
    (folder / NAME).mkdir()
    with pytest.raises(InputError, match=r"whisper-at.jsonl' cannot be read \(Is a directory\); name another"):
        Record(folder, {})
