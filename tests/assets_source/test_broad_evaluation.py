"""How a broad head is scored on recordings that it has not heard."""

import numpy as np
import pytest
from broad_head.names import NAMES, PARENTS, labels_by_name, with_parents
from broad_head.sources import Source
from evaluate_broad_head import compared, evidence, unheard

from whisper_at_hf.labels import audioset_labels


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("sounds/cc-sounds/thunder_far.flac", ("Thunder", "Thunderstorm")),
        ("sounds/openclonk/GlassBreak.flac", ("Shatter", "Glass")),
        (
            "sounds/mod-sounds/sounds_cow_moo_1.flac",
            ("Moo", "Cattle, bovinae", "Animal", "Livestock, farm animals, working animals"),
        ),
        ("sounds/mod-sounds/sounds_pistol_fire_01.flac", ("Gunshot, gunfire", "Explosion")),
        ("sounds/mod-sounds/sounds_pistol_fire_dry.flac", ()),
        ("sounds/cc-sounds/walk_t_concrete_3.flac", ("Walk, footsteps",)),
        ("sounds/cc-sounds/walk_water_3.flac", ("Splash, splatter", "Water")),
        ("sounds/openclonk/Noise1.flac", ()),
    ],
)
def test_names_tell_what_a_sound_is(path, labels):
    assert labels_by_name(path) == labels


def test_all_names_are_audiosets():
    named = {label for _, labels in NAMES for label in labels}
    assert named | set(PARENTS) | {child for some in PARENTS.values() for child in some.split("|")} <= set(
        audioset_labels()
    )


def test_what_holds_for_the_child_holds_for_the_parents():
    assert with_parents(("Snare drum", "Music")) == ("Snare drum", "Music", "Percussion", "Drum", "Musical instrument")
    assert with_parents(()) == ()


def test_no_label_is_its_own_ancestor():
    for label in PARENTS:
        assert label not in with_parents(tuple(one for one in with_parents((label,)) if one != label))


def test_what_is_tested():
    """Test recordings with a label; with folds also real sounds of which no other fold, and no test, has a part."""

    def one(path, part, origin="", known=("Dog",)):
        return Source(path, part, "sound", known, "CC0", "someone", origin)

    held, unnamed = one("sounds/a/1.flac", "test"), one("sounds/a/2.flac", "test", known=())
    alone, rendered = one("sounds/b/1.flac", "0", "https://freesound.org/s/1/"), one("rendered/x/1.flac", "1")
    twice = [one(f"sounds/b/{part}x.flac", part, "https://freesound.org/s/2/") for part in "01"]
    sources = [held, unnamed, alone, rendered, *twice]
    assert unheard(sources, crossed=False) == [held]
    assert unheard(sources, crossed=True) == [held, alone]


def test_figures_by_hand():
    labels = ["a", "b", "c", "d", "e", "f", "g"]
    truth = np.zeros((6, 7), bool)
    truth[:5, 0], truth[5, 6] = True, True
    scores = np.tile(np.arange(7.0)[::-1], (6, 1))  # "a" first everywhere, "g" last
    scores[5, 0] = -1
    found = compared(scores, truth, labels)
    assert found["top1"] == found["top5"] == pytest.approx(5 / 6)
    assert found["labels"]["a"] == {"clips": 5, "ap": 1.0, "top5": 1.0}
    assert found["labels"]["g"] == {"clips": 1, "ap": pytest.approx(1 / 6), "top5": 0.0}
    assert found["labels_tested"] == 1 and found["labels_passed"] == ["a"] and found["map"] == 1.0


def test_a_label_with_few_clips_is_scored_on_those_that_others_were_not_learnt_from_too():
    labels = ["a", "b"]
    truth = np.array([[True, False]] * 5 + [[False, True]] * 6)
    scores = truth + np.array([[0.0, 0.0]] * 5 + [[5.0, 0.0]] * 6)  # "a" is ruined by the last six
    kept_apart = np.arange(11) < 7
    found = evidence(scores, truth, labels, kept_apart)["labels"]
    assert (found["a"]["clips"], found["a"]["crossed"], found["b"]["clips"], found["b"]["crossed"]) == (
        5,
        False,
        6,
        True,
    )
    assert found["b"]["ap"] == 1 and found["a"]["ap"] < 1
    assert evidence(scores[:7], truth[:7], labels, kept_apart[:7])["labels"]["b"] == {
        "clips": 2,
        "ap": 1.0,
        "top5": 1.0,
        "crossed": False,
    }
