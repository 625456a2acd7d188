"""How a broad head is scored on recordings that it has not heard."""

import numpy as np
import pytest
from broad_head.names import NAMES, labels_by_name
from evaluate_broad_head import compared

from whisper_at_hf.labels import audioset_labels


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("sounds/cc-sounds/thunder_far.flac", ("Thunder", "Thunderstorm")),
        ("sounds/openclonk/GlassBreak.flac", ("Shatter", "Glass")),
        ("sounds/cc-sounds/walk_t_concrete_3.flac", ("Walk, footsteps",)),
        ("sounds/cc-sounds/walk_water_3.flac", ("Splash, splatter", "Water")),
        ("sounds/openclonk/Noise1.flac", ()),
    ],
)
def test_names_tell_what_a_sound_is(path, labels):
    assert labels_by_name(path) == labels


def test_all_names_are_audiosets():
    assert {label for _, labels in NAMES for label in labels} <= set(audioset_labels())


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
