"""A feature cache from someone else reaches nothing outside of its folder."""

import json
import shutil

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.features import FeatureCache, extract_features
from whisper_at_hf.features.store import MANIFEST


@pytest.fixture
def features(tmp_path, five_clips, whisper_folder):
    """A finished feature cache's folder."""
    return extract_features(five_clips, whisper_folder, tmp_path / "features", window_length_s=1.2).folder


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "../../outside"},
        {"name": "/etc/passwd"},
        {"name": 7},
        {"bytes": 10},
        {"bytes": "10"},
        {"journal_sha256": None},
        {"more": 1},
    ],
)
def test_a_manifest_names_nothing_outside_of_its_folder(features, entry):
    for suffix in ("bin", "journal"):
        shutil.copy(next(features.glob(f"*.{suffix}")), features.parent.parent / f"outside.{suffix}")
    content = json.loads((features / MANIFEST).read_text())
    content["shards"][0].update(entry)
    (features / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(InputError, match="run extract again"):
        FeatureCache(features)


@pytest.mark.parametrize("name", ["shard-00009-0000-0000.bin", ".lock", "../audio-hashes-0.jsonl"])
def test_links_in_a_feature_cache_are_never_written_through(tmp_path, features, make_clips, whisper_folder, name):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious" * 1000)
    (features / name).unlink(missing_ok=True)
    (features / name).symlink_to(victim)
    if name.endswith(".bin"):  # with a journal that has it begin with a sound batch
        line = {"row": 0, "keys": ["0" * 32], "sha256": "0" * 64}
        (features / name).with_suffix(".journal").write_text(json.dumps(line) + "\n")
    try:
        extract_features(make_clips(1.0, seed=9), whisper_folder, features.parent, window_length_s=1.2)
    except InputError as error:
        assert name == ".lock" and "is a link: delete it" in str(error)
    else:
        assert name != ".lock"
        assert len(FeatureCache(features)) == 6
    assert victim.read_bytes() == b"precious" * 1000
