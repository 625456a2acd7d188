"""Files appear whole or not at all."""

import json
import os
import stat

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.files import write_atomically, write_json


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder.*cannot be written"):
        write_atomically(tmp_path / "folder", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_write_that_is_cut_short_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    target.write_text("old")
    monkeypatch.setattr("whisper_at_hf.files.os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(InputError, match="a.txt.*full"):
        write_atomically(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_name_that_is_no_text_is_written_readably(tmp_path):
    write_atomically(tmp_path / "a.txt", "lone surrogate: \udcff")
    assert (tmp_path / "a.txt").read_text() == "lone surrogate: ?"


def test_others_may_read_results_as_the_umask_says(tmp_path):
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "a.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


def test_json_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "results.json"
    write_json(path, {"label": "Wäves", "score": 0.5})
    assert json.loads(path.read_text(encoding="utf-8")) == {"label": "Wäves", "score": 0.5}
    with pytest.raises(TypeError):
        write_json(path, {"label": object()})
    assert json.loads(path.read_text(encoding="utf-8"))["score"] == 0.5
    assert [entry.name for entry in path.parent.iterdir()] == ["results.json"]
