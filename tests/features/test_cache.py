import json
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from whisper_at_hf.errors import InputError
from whisper_at_hf.features import FeatureCache, extract_features


@pytest.fixture
def cache(five_clips, encoder, tmp_path):
    return extract_features(five_clips, encoder, tmp_path / "cache", 1.2, batch_size=2)


def test_items_are_the_rows_of_the_shard(cache):
    (shard,) = cache.folder.glob("*.bin")
    rows = np.fromfile(shard, dtype="<f2").reshape(5, 2, 3, 16)
    assert len(cache) == len(cache.keys) == 5
    np.testing.assert_array_equal(np.stack(list(cache)), rows)
    np.testing.assert_array_equal(cache[-1], rows[-1])
    np.testing.assert_array_equal(cache.batch([3, 0, 3]), rows[[3, 0, 3]])
    with pytest.raises(IndexError):
        cache[5]


def test_items_are_copies(cache):
    before = cache[0].copy()
    cache[0][:] = 7
    np.testing.assert_array_equal(cache[0], before)


def test_pickled_cache_reads_the_same(cache):
    cache[0]
    again = pickle.loads(pickle.dumps(cache))
    assert again.spec == cache.spec
    np.testing.assert_array_equal(again[2], cache[2])


def test_workers_of_a_loader_read_the_same(cache):
    loaded = torch.cat(list(DataLoader(cache, batch_size=2, num_workers=2)))
    np.testing.assert_array_equal(loaded.numpy(), cache.batch(range(5)))


def test_lookup_follows_the_content(cache, five_clips, tmp_path):
    (tmp_path / "moved.wav").write_bytes((tmp_path / "clip-0-2.wav").read_bytes())
    rows = [{"path": str(tmp_path / name)} for name in ("moved.wav", "missing.wav", "clip-0-0.wav")]
    dataset = type(five_clips).from_list(rows)
    assert cache.lookup(dataset) == [2, None, 0]
    assert cache.lookup(five_clips) == [0, 1, 2, 3, 4]


def test_sound_cache_verifies(cache):
    cache.verify()


def test_flipped_bit_is_found_by_verify(cache):
    (shard,) = cache.folder.glob("*.bin")
    content = bytearray(shard.read_bytes())
    content[3 * cache.spec.clip_bytes] ^= 1
    shard.write_bytes(content)
    with pytest.raises(InputError, match=rf"{shard.name}' is damaged \(2 clips\): run extract"):
        FeatureCache(cache.folder).verify()


@pytest.mark.parametrize("suffix", [".bin", ".journal"])
def test_missing_or_cut_files_are_found_on_open(cache, suffix):
    (path,) = cache.folder.glob(f"*{suffix}")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=rf"{path.name}' .*: run extract again"):
        FeatureCache(cache.folder)
    path.unlink()
    with pytest.raises(InputError, match=rf"{path.name}' is missing: run extract again"):
        FeatureCache(cache.folder)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 1}', '{"format": 1, "spec": 3}'])
def test_damaged_manifest_is_told(cache, content):
    (cache.folder / "manifest.json").write_text(content)
    with pytest.raises(InputError, match="manifest.json' is damaged, .*: run extract again"):
        FeatureCache(cache.folder)


def test_manifest_of_another_spec_is_told(cache):
    manifest = cache.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"trim"', '"pad"'))
    with pytest.raises(InputError, match="manifest.json' is damaged"):
        FeatureCache(cache.folder)


def test_cache_of_another_version_is_told(cache):
    manifest = cache.folder / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 99}))
    with pytest.raises(InputError, match="another version"):
        FeatureCache(cache.folder)


def test_folder_that_is_no_cache_is_told(cache, tmp_path):
    with pytest.raises(InputError, match=f"holds 1 feature cache.*{cache.folder.name}"):
        FeatureCache(cache.folder.parent)
    with pytest.raises(InputError, match="holds no complete feature cache"):
        FeatureCache(tmp_path / "nothing")
