"""Where results go: files are there whole or not at all, and failures are sentences."""

import errno
import os

import fsspec
import pytest
from late_store import LateStore

from whisper_at_hf import InputError
from whisper_at_hf.archive import store
from whisper_at_hf.archive.store import Store


@pytest.fixture
def late(tmp_path, monkeypatch):
    fsspec.register_implementation("late", LateStore, clobber=True)
    monkeypatch.setattr(store, "WAITS", (0.0,))
    monkeypatch.setattr(LateStore, "calls", 0)
    return Store(f"late://{tmp_path}/results")


@pytest.mark.parametrize("form", ["{}", "file://{}", "local://{}/"])
def test_a_folder(tmp_path, form):
    place = Store(form.format(tmp_path / "results"))
    assert place.names("rows") == set() and place.read("a") is None
    place.write("rows/a", b"one")
    place.write("rows/a", b"two")
    assert place.names("rows") == {"a"} and place.read("rows/a") == b"two"
    with place.open("rows/a") as file:
        assert file.read(2) == b"tw"
    assert os.listdir(tmp_path / "results" / "rows") == ["a"]


def test_a_store_that_answers_late_and_fails_for_a_moment(late, tmp_path):
    assert late.names("rows") == set() and late.read("a") is None
    late.write("rows/a", b"one")
    assert late.names("rows") == {"a"} and late.read("rows/a") == b"one"
    assert (tmp_path / "results" / "rows" / "a").read_bytes() == b"one"
    with late.locked("lock"), late.locked("lock"):
        pass  # there are none


def test_a_store_that_stays_away(late, monkeypatch):
    monkeypatch.setattr(store, "WAITS", ())
    with pytest.raises(InputError, match=r"results/a' cannot be written \(no answer\); what is finished is kept"):
        late.write("a", b"")
    monkeypatch.setattr(LateStore, "calls", 0)
    with pytest.raises(InputError, match=r"results/a' cannot be read \(no answer\); mend that"):
        late.read("a")


def test_what_is_no_place():
    with pytest.raises(InputError, match="'nowhere://x' is no place for results"):
        Store("nowhere://x")
    with pytest.raises(InputError, match="'memory://x' would end with each process; name a folder"):
        Store("memory://x")
    with pytest.raises(InputError, match="The output is empty; name a folder"):
        Store("")
    with pytest.raises(InputError, match=r"'ftp://127.0.0.1:1/x' is no place for results \(.*refused.*\); name"):
        Store("ftp://127.0.0.1:1/x")  # connects at once


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/x' cannot be made \(Not a directory\); name another --output"):
        Store(str(tmp_path / "file" / "x"))


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    place = Store(str(tmp_path))
    place.write("a", b"one")

    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match=r"a' cannot be written \(Input/output error\); what is finished is kept"):
        place.write("a", b"two")
    assert os.listdir(tmp_path) == ["a"] and place.read("a") == b"one"


def test_drafts_of_killed_runs_are_removed(tmp_path):
    (tmp_path / ".0123.draft").write_bytes(b"half")
    (tmp_path / "part").write_bytes(b"whole")
    Store(str(tmp_path)).remove_drafts("")
    assert os.listdir(tmp_path) == ["part"]


def test_a_lock_is_had_once(tmp_path):
    first, second = Store(str(tmp_path)), Store(str(tmp_path))
    with first.locked("lock"), second.locked("other"):
        with pytest.raises(InputError, match="Another run is writing to .* wait for it, or give each run its --share"):
            with second.locked("lock"):
                pass
    with second.locked("lock"):
        pass
