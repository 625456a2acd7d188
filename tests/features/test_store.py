import numpy as np
import pytest

from whisper_at_hf.errors import InputError
from whisper_at_hf.features import FeatureSpec
from whisper_at_hf.features.store import ShardWriter, read_shard, repair_shards, shard_names

SPEC = FeatureSpec("ab" * 32, encoder_layers=2, d_model=3, window_length_s=0.8)
BATCHES = {("a", "b"): 1.0, ("c",): 2.0, ("d", "e"): 3.0}
NAME = "shard-00001-0000-0000"


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "shard-00001-0000")
    return tmp_path


def write(folder, prefix, **options):
    with ShardWriter(folder, prefix, SPEC, **options) as writer:
        for keys, value in BATCHES.items():
            writer.append(keys, np.full((len(keys), *SPEC.shape), value, dtype=np.float16))


def test_shard_is_raw_float16_in_the_order_of_the_journal(folder):
    rows = np.fromfile(folder / f"{NAME}.bin", dtype="<f2").reshape(-1, *SPEC.shape)
    assert rows[:, 0, 0, 0].tolist() == [1, 1, 2, 3, 3]
    assert read_shard(folder, NAME).keys == ["a", "b", "c", "d", "e"]
    assert read_shard(folder, NAME).damaged(SPEC) == []


def test_whole_shards_are_left_alone(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    repair_shards(folder, SPEC, verify=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_journal_cut_anywhere_leaves_whole_batches(folder):
    data, journal = (folder / f"{NAME}{suffix}" for suffix in (".bin", ".journal"))
    content, lines = data.read_bytes(), journal.read_bytes()
    ends = [index + 1 for index, byte in enumerate(lines) if byte == ord("\n")]
    for cut in range(len(lines) + 1):
        data.write_bytes(content)
        journal.write_bytes(lines[:cut])
        repair_shards(folder, SPEC)
        whole = sum(end - 1 <= cut for end in ends)  # a line that lacks but its line break is whole
        keys = [key for batch in list(BATCHES)[:whole] for key in batch]
        if not keys:
            assert not data.exists() and not journal.exists()
            continue
        assert read_shard(folder, NAME).keys == keys
        assert data.read_bytes() == content[: len(keys) * SPEC.clip_bytes]
        assert journal.read_bytes() == lines[: ends[whole - 1]]


def test_data_cut_anywhere_leaves_whole_batches(folder):
    data, journal = (folder / f"{NAME}{suffix}" for suffix in (".bin", ".journal"))
    content, lines = data.read_bytes(), journal.read_bytes()
    for cut in range(len(content)):
        data.write_bytes(content[:cut])
        journal.write_bytes(lines)
        repair_shards(folder, SPEC)
        rows = cut // SPEC.clip_bytes
        expected = 3 if rows >= 3 else 2 if rows >= 2 else 0
        assert data.exists() == bool(expected)
        if expected:
            assert len(read_shard(folder, NAME).keys) == expected
            assert data.stat().st_size == expected * SPEC.clip_bytes


def test_data_without_journal_goes(folder):
    (folder / f"{NAME}.journal").unlink()
    repair_shards(folder, SPEC)
    assert list(folder.iterdir()) == []


def test_flipped_bit_costs_its_batch_alone(folder):
    data = folder / f"{NAME}.bin"
    content = bytearray(data.read_bytes())
    content[2 * SPEC.clip_bytes + 5] ^= 1  # in "c"
    data.write_bytes(content)
    repair_shards(folder, SPEC)
    assert len(read_shard(folder, NAME).keys) == 5  # sizes tell nothing
    repair_shards(folder, SPEC, verify=True)
    shard = read_shard(folder, NAME)
    assert shard.keys == ["a", "b", "d", "e"]
    assert [batch.row for batch in shard.batches] == [0, 3]
    assert data.read_bytes() == content


def test_large_shards_are_split(tmp_path):
    write(tmp_path, "shard-00001-0000", max_bytes=2 * SPEC.clip_bytes)
    shards = [read_shard(tmp_path, name) for name in shard_names(tmp_path)]
    assert [shard.keys for shard in shards] == [["a", "b"], ["c", "d", "e"]]
    assert all(shard.damaged(SPEC) == [] for shard in shards)


def test_full_disk_is_told(folder, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left on device.*make room and run extract again"):
        write(folder, "shard-00002-0000")
