import hashlib
import os

import pytest
from datasets import Dataset

from whisper_at_hf.errors import InputError
from whisper_at_hf.features.keys import AudioHashes, clip_keys


def keys_of(rows, folder):
    return list(clip_keys(Dataset.from_list(rows), AudioHashes(folder), range(len(rows)), threads=2))


def test_same_sound_same_key_whatever_its_name(tmp_path):
    for name, content in (("a.wav", b"one"), ("b.wav", b"one"), ("c.wav", b"two")):
        (tmp_path / name).write_bytes(content)
    first, second, third = keys_of([{"path": str(tmp_path / f"{name}.wav")} for name in "abc"], tmp_path)
    assert first == second != third


def test_bytes_in_the_dataset_are_the_file(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"one")
    by_path = keys_of([{"path": str(tmp_path / "a.wav")}], tmp_path)
    assert keys_of([{"audio": {"path": None, "bytes": b"one"}}], tmp_path) == by_path


def test_segments_of_a_file_have_keys_of_their_own(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"one")
    bounds = [(None, None), (0.0, None), (0.0, 10.0), (10.0, 20.0), (10.0, None)]
    keys = keys_of([{"path": str(tmp_path / "a.wav"), "start": s, "end": e} for s, e in bounds], tmp_path)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_unreadable_file_is_told_in_its_place(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"one")
    rows = [{"path": str(tmp_path / name)} for name in ("missing.wav", "a.wav")]
    missing, there = keys_of(rows, tmp_path)
    assert isinstance(missing, InputError) and "missing.wav" in str(missing)
    assert isinstance(there, str)


def test_hashes_are_remembered_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(b"one")
    first = AudioHashes(tmp_path, writer="0")(str(path))
    assert first == hashlib.sha256(b"one").hexdigest()
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", None)
        assert AudioHashes(tmp_path)(str(path)) == first
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert AudioHashes(tmp_path)(str(path)) == hashlib.sha256(b"two").hexdigest()


def test_a_memo_of_other_bytes_is_no_loss(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"one")
    (tmp_path / "audio-hashes-0.jsonl").write_bytes(b"\xff\xfe\n")
    assert AudioHashes(tmp_path, writer="0")(str(tmp_path / "a.wav")) == hashlib.sha256(b"one").hexdigest()


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_memo_torn_by_a_kill_is_no_loss(tmp_path, kept):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(name.encode())
    AudioHashes(tmp_path, writer="0")(str(tmp_path / "a.wav"))
    (memo,) = tmp_path.glob("audio-hashes-*")
    memo.write_bytes(memo.read_bytes()[:kept])
    for name in ("b.wav", "a.wav"):
        digest = AudioHashes(tmp_path, writer="0")(str(tmp_path / name))
        assert digest == hashlib.sha256(name.encode()).hexdigest()
    assert AudioHashes(tmp_path)._memo.keys() == {str(tmp_path / "a.wav"), str(tmp_path / "b.wav")}
