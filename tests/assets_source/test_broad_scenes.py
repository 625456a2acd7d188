"""What the broad head learns from: no recording in two parts, all credited, and windows that say what is in them."""

import csv

import numpy as np
import pytest
from broad_head.scenes import RATE, Placed, Scene, chances, random_scene
from broad_head.sources import FOLDS, Source, read_sources, write_manifest
from join_teachings import ABSENT, ALONE, KNOWN, certain, joined
from twelve_sounds.material import load_material

from whisper_at_hf.labels import audioset_labels


def source(number, kind="sound"):
    return Source(f"{kind}/{number}.wav", "train", kind, (), "CC0", "someone", "somewhere")


@pytest.fixture(scope="module")
def sources(data_folder):
    return read_sources(data_folder)


@pytest.mark.data
def test_every_recording_is_there_and_credited(sources, data_folder, tmp_path):
    assert all((data_folder / one.path).is_file() for one in sources)
    assert len({one.path for one in sources}) == len(sources)
    assert all(one.licence and one.author for one in sources if one.part != "test")
    write_manifest(sources, tmp_path / "manifest.csv")
    with (tmp_path / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["path"], row["licence"]) for row in rows} == {(one.path, one.licence) for one in sources}


@pytest.mark.data
def test_what_may_not_train_does_not(sources, data_folder):
    """Test-only rows and non-commercial data teach nothing that ships; folds, speakers and variants stay together."""
    with (data_folder / "sounds" / "labels.csv").open() as file:
        test_only = {f"sounds/{row['path']}" for row in csv.DictReader(file) if row["use"] != "train"}
    used = [one for one in sources if one.part != "test"]
    assert {one.part for one in used} == set(FOLDS)
    assert test_only and not {one.path for one in used} & test_only
    assert not any("NC" in one.licence or one.path.startswith("emotion") for one in used)
    with (data_folder / "esc10" / "labels.csv").open() as file:
        fold = {f"esc10/{row['path']}": row["fold"] for row in csv.DictReader(file)}
    assert {fold[one.path] for one in used if one.path in fold} == {"1", "2", "3", "4"}
    speakers = {part: set() for part in ("0", "1", "test")}
    with (data_folder / "speech" / "labels.csv").open() as file:
        speaker = {f"speech/{row['path']}": row["speaker"] for row in csv.DictReader(file)}
    for one in sources:
        if one.kind == "speech":
            speakers[one.part].add(speaker[one.path])
    assert sum(map(len, speakers.values())) == len(set.union(*speakers.values())) == 28
    tested = {one.freesound_id for one in sources if one.part == "test"} - {None}
    learnt = {one.freesound_id for one in used} - {None}
    assert len(learnt) > 300 and not tested & learnt
    variants = {one.part for one in sources if "/sounds_scrape_" in one.path}
    assert len(variants) == 1


@pytest.mark.data
def test_the_twelve_sounds_know_the_same_parts(sources, data_folder):
    """What tests a head on the twelve sounds has taught no head, and their fold 0 is of recordings of fold 0."""
    material = load_material(data_folder)
    by_part = {part: {one.path for one in sources if one.part == part} for part in ("0", "1", "test")}
    counts = {
        "0": len(material["validation"].sounds["Rain"]["clips"]),
        "1": len(material["train"].sounds["Rain"]["clips"]),
        "test": len(material["test"].sounds["Rain"]["clips"]),
    }
    assert counts == {part: sum(path.startswith("esc10/rain") for path in paths) for part, paths in by_part.items()}
    spoken = {part: sum(path.startswith("speech/") for path in paths) for part, paths in by_part.items()}
    assert spoken == {
        part: sum(map(len, material[name].speech.values()))
        for part, name in (("0", "validation"), ("1", "train"), ("test", "test"))
    }


def test_a_folder_without_the_data_is_named(tmp_path):
    with pytest.raises(SystemExit, match="has no esc10/labels.csv; name the folder"):
        read_sources(tmp_path)
    with pytest.raises(SystemExit, match="has no labels.csv; name the folder"):
        load_material(tmp_path)


@pytest.mark.data
def test_known_labels_are_audiosets(sources):
    assert {label for one in sources for label in one.known} <= set(audioset_labels())


def test_a_window_holds_what_sounds_long_enough_in_it():
    early, late = source(1), source(2)
    scene = Scene(np.zeros(20 * RATE), [Placed(early, 0, 11 * RATE), Placed(late, 12 * RATE, 13 * RATE)])
    assert scene.heard(0, 10 * RATE, RATE // 4) == [early]
    assert scene.heard(10 * RATE, 20 * RATE, RATE // 4) == [early, late]
    assert scene.heard(10 * RATE, 20 * RATE, 2 * RATE) == []


@pytest.mark.parametrize("seed", range(8))
def test_scenes_are_drawn_from_their_seed_and_stay_within_full_scale(seed):
    sounds, speech = [source(1), source(2)], [source(3, "speech")]

    def load(one):
        return np.random.default_rng(len(one.path)).standard_normal(3 * RATE).astype(np.float32)

    scene, again = (random_scene(sounds, speech, load, 10, np.random.default_rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(scene.audio, again.audio)
    assert scene.audio.shape == (10 * RATE,) and scene.audio.dtype == np.float32
    assert np.abs(scene.audio).max() <= 1 and np.isfinite(scene.audio).all()
    assert all(0 <= one.start < one.end <= 10 * RATE for one in scene.placed)
    for one in scene.placed:
        assert np.abs(scene.audio[one.start : one.end]).max() > 1e-4


def test_sounds_of_rare_labels_are_drawn_often():
    def named(number, *known):
        return Source(f"{number}.wav", "0", "sound", known, "CC0", "someone", "somewhere")

    likely = chances([named(1, "Animal", "Dog"), named(2, "Animal", "Cat"), named(3, "Animal", "Dog"), named(4)])
    assert likely.sum() == pytest.approx(1)
    # Dog has two recordings, Cat one; the one without a name counts as of a label with four times the typical number.
    np.testing.assert_allclose(likely / likely[1], [2**-0.5, 1, 2**-0.5, 8**-0.5])


def test_of_some_labels_it_is_certain_that_they_are_not_heard():
    found = certain(np.array([0.3, 0.9, 0.2, 0.6]), heard=[0, 3], all_labels=[0, 1])
    np.testing.assert_allclose(found, [KNOWN, ABSENT, 0.2, KNOWN])


def test_what_is_known_and_what_is_heard_alone_are_joined_to_the_mixture():
    mixed, alone = np.array([0.1, 0.9, 0.2, 0.0]), [np.array([0.5, 0.1, 0.0, 0.0]), np.array([0.0, 0.0, 0.2, 0.0])]
    np.testing.assert_allclose(joined(mixed, alone, [3]), [ALONE * 0.5, 0.9, 0.2, KNOWN])
    np.testing.assert_allclose(joined(mixed, [], []), mixed)
