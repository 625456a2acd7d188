import os
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset, concatenate_datasets
from filelock import FileLock
from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.errors import InputError
from whisper_at_hf.features import Encoder, estimate_bytes, extract_features


@pytest.fixture
def extract(encoder, tmp_path):
    """`extract_features` with the tiny encoder into one cache folder."""

    def run(dataset, **options):
        return extract_features(dataset, encoder, tmp_path / "cache", 1.2, **{"batch_size": 2, **options})

    return run


@pytest.fixture
def encoded(monkeypatch):
    """How many windows each pass of the encoder had."""
    passes = []
    original = Encoder.__call__

    def count(self, windows):
        passes.append(len(windows))
        return original(self, windows)

    monkeypatch.setattr(Encoder, "__call__", count)
    return passes


def by_key(cache):
    return {key: cache[position].tobytes() for position, key in enumerate(cache.keys)}


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_clips_are_encoded_once_in_order(extract, five_clips, encoded):
    cache = extract(five_clips)
    assert encoded == [2, 2, 1]
    assert cache.lookup(five_clips) == [0, 1, 2, 3, 4]
    extract(five_clips)
    assert encoded == [2, 2, 1]


def test_same_sound_is_encoded_once(extract, five_clips, tmp_path, encoded):
    shutil.copy(five_clips[1]["path"], tmp_path / "copy.wav")
    rows = [*five_clips, {"path": str(tmp_path / "copy.wav"), "labels": ["other"]}, five_clips[0]]
    dataset = Dataset.from_list(rows)
    cache = extract(dataset)
    assert sum(encoded) == len(cache) == 5
    assert cache.lookup(dataset) == [0, 1, 2, 3, 4, 1, 0]


def test_new_rows_go_to_new_shards(extract, five_clips, make_clips, encoded):
    before = contents(extract(five_clips).folder)
    cache = extract(concatenate_datasets([make_clips(1.0, 0.8, seed=1), five_clips]))
    after = contents(cache.folder)
    assert sum(encoded) == 7
    assert len(cache) == 7
    assert all(after[name] == content for name, content in before.items() if name.startswith("shard"))
    assert cache.lookup(five_clips) == [0, 1, 2, 3, 4]


def test_specs_share_a_directory(five_clips, encoder, tmp_path):
    kinds = [(1.2, "trim"), (1.2, "pad"), (2.0, "trim")]
    caches = [extract_features(five_clips, encoder, tmp_path, length, padding) for length, padding in kinds]
    assert [cache.spec.shape for cache in caches] == [(2, 3, 16), (2, 3, 16), (2, 5, 16)]
    assert not np.array_equal(caches[0][1], caches[1][1])
    for cache in caches:
        cache.verify()


def test_unreadable_files_are_listed_and_tried_again(extract, five_clips, tmp_path, encoded):
    broken, missing = tmp_path / "broken.wav", tmp_path / "missing.wav"
    broken.write_bytes(b"no sound")
    bad = Dataset.from_list([{"path": str(path), "labels": ["x"]} for path in (broken, missing)])
    dataset = concatenate_datasets([five_clips.select([0]), bad, five_clips.select([1, 2])])
    cache = extract(dataset)
    assert [failure["path"] for failure in cache.failures] == [str(broken), str(missing)]
    assert "No such file" in cache.failures[1]["reason"]
    assert cache.lookup(dataset) == [0, None, None, 1, 2]
    for path in (broken, missing):
        shutil.copy(five_clips[3 if path == broken else 4]["path"], path)
    cache = extract(dataset)
    assert cache.failures == []
    assert cache.lookup(dataset) == [0, 3, 4, 1, 2]
    assert sum(encoded) == 5


def test_all_rows_unreadable_is_an_empty_cache(extract, tmp_path):
    cache = extract(Dataset.from_list([{"path": str(tmp_path / "missing.wav"), "labels": ["x"]}]))
    assert len(cache) == 0 and len(cache.failures) == 1


def test_size_is_known_before(extract, five_clips):
    lines = []
    cache = extract(five_clips, announce=lines.append)
    size = sum(path.stat().st_size for path in cache.folder.glob("shard-*"))
    estimate = estimate_bytes(cache.spec, 5)
    assert abs(size - estimate) < 200
    assert lines[0].startswith("5 clips, 5 to encode: 0.0 MB in ")
    assert lines[1].startswith("Encoded 5 clips in ")


def test_too_little_room_is_told_before_anything_is_encoded(extract, five_clips, encoded, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**6, 10**6 - 500, 500)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InputError, match="0.00 GB free, but the features of 5 clips need .* make room"):
        extract(five_clips)
    assert encoded == []


def test_a_second_writer_waits(extract, five_clips):
    cache = extract(five_clips)
    lock = FileLock(cache.folder / ".lock", thread_local=False)
    lock.acquire()
    said = []

    def release(line):
        said.append(line)
        lock.release()

    again = extract(five_clips, announce=release)
    assert "Waiting for another process" in said[0]
    assert again.keys == cache.keys


def test_cut_shard_is_completed(extract, five_clips, encoded):
    cache = extract(five_clips)
    whole = by_key(cache)
    (shard,) = cache.folder.glob("*.bin")
    os.truncate(shard, 3 * cache.spec.clip_bytes)
    encoded.clear()
    again = extract(five_clips)
    assert encoded == [2, 1]  # the last two batches
    assert by_key(again) == whole


def test_flipped_bit_is_encoded_again_by_verify(extract, five_clips, encoded):
    cache = extract(five_clips)
    whole = by_key(cache)
    (shard,) = cache.folder.glob("*.bin")
    content = bytearray(shard.read_bytes())
    content[3 * cache.spec.clip_bytes] ^= 1
    shard.write_bytes(content)
    encoded.clear()
    again = extract(five_clips, verify=True)
    assert encoded == [2]
    again.verify()
    assert by_key(again) == whole


@pytest.mark.parametrize("lost", ["manifest.json", "*.journal", "*.bin"])
def test_lost_files_are_made_again(extract, five_clips, lost):
    cache = extract(five_clips)
    whole = by_key(cache)
    for path in cache.folder.glob(lost):
        path.unlink()
    assert by_key(extract(five_clips)) == whole


def test_resumed_run_forms_the_batches_of_the_first_one(extract, five_clips, tmp_path, encoded):
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    rows = [*five_clips.select(range(4)), {"path": str(tmp_path / "broken.wav"), "labels": ["x"]}]
    dataset = Dataset.from_list([rows[0], rows[4], *rows[1:4]])
    cache = extract(dataset)
    whole = by_key(cache)
    assert encoded == [1, 2, 1]
    (journal,) = cache.folder.glob("*.journal")
    journal.write_text(journal.read_text().splitlines(keepends=True)[0])
    (cache.folder / "manifest.json").unlink()
    encoded.clear()
    assert by_key(extract(dataset)) == whole
    assert encoded == [2, 1]  # the broken file, tried again, moves no clip to another batch


def test_batches_survive_a_failure_in_the_middle(extract, five_clips, encoded, monkeypatch):
    original = Encoder.__call__
    whole = by_key(extract(five_clips))
    shutil.rmtree(extract(five_clips).folder)
    encoded.clear()

    def cut_off(self, windows):
        if len(encoded) == 2:
            raise KeyboardInterrupt
        return original(self, windows)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Encoder, "__call__", cut_off)
        extract(five_clips)
    assert by_key(extract(five_clips)) == whole
    assert encoded == [2, 2, 1]


def test_audio_within_the_dataset(extract, five_clips):
    rows = [{"audio": {"path": None, "bytes": Path(row["path"]).read_bytes()}, "labels": []} for row in five_clips]
    by_path, by_bytes = extract(five_clips), extract(Dataset.from_list(rows))
    assert by_bytes.keys == by_path.keys


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"threads": 0}])
def test_bad_numbers_are_refused(extract, five_clips, options):
    with pytest.raises(InputError, match="must be at least 1"):
        extract(five_clips, **options)


@pytest.mark.real
def test_real_features_are_those_of_the_model(tiny_en_whisper, tmp_path):
    dataset = Dataset.from_list([{"path": str(sample_path()), "labels": ["x"]}])
    model = WhisperATForAudioClassification.from_whisper(tiny_en_whisper)
    extractor = WhisperFeatureExtractor.from_pretrained(tiny_en_whisper)
    audio = load_audio(sample_path())[:160_000]
    for padding, samples in (("trim", 160_000), ("pad", 480_000)):
        cache = extract_features(dataset, tiny_en_whisper, tmp_path, padding=padding)
        frames = extractor(audio, sampling_rate=16_000, padding="max_length", max_length=samples, return_tensors="pt")
        states = model.get_pooled_states(frames["input_features"])[0, :, :25].numpy()
        np.testing.assert_allclose(cache[0], states, rtol=1e-3, atol=1e-3)
