import csv
from importlib.resources import files

import numpy as np
import pytest

from whisper_at_hf import labels
from whisper_at_hf.errors import InputError
from whisper_at_hf.labels import audioset_labels, audioset_mids
from whisper_at_hf.labels.ontology import ancestors, expand, group_names, labels_below, parents, roll_up

# As https://research.google.com/audioset/ontology/ shows them.
TOPS = {
    "Human sounds",
    "Animal",
    "Music",
    "Natural sounds",
    "Sounds of things",
    "Source-ambiguous sounds",
    "Channel, environment and background",
}


def test_it_has_all_labels_under_their_machine_ids():
    text = (files(labels) / "ontology.csv").read_text(encoding="utf-8")
    names = {row["mid"]: row["name"] for row in csv.DictReader(text.splitlines())}
    assert len(names) == len(set(group_names())) == 632
    assert [names[mid] for mid in audioset_mids()] == audioset_labels()


def test_every_name_has_a_way_to_a_top_and_none_to_itself():
    for name in group_names():
        assert name not in ancestors(name)
        assert ({name} | ancestors(name)) & TOPS, name
    assert {name for name in group_names() if not parents(name)} == TOPS


def test_parents_and_what_is_below():
    assert parents("Animal") == () and ancestors("Animal") == frozenset()
    assert parents("Hiss") == ("Cat", "Snake", "Steam", "Onomatopoeia")
    assert ancestors("Purr") == {"Cat", "Domestic animals, pets", "Animal"}
    assert labels_below("Cat") == {"Cat", "Purr", "Meow", "Hiss", "Cat communication", "Caterwaul", "Growling"}
    assert labels_below("Sneeze") == {"Sneeze"}
    assert {"Jazz", "Piano", "Sad music"} < labels_below("Music") and "Speech" not in labels_below("Music")


@pytest.mark.parametrize("function", [parents, ancestors, labels_below])
def test_unknown_names_get_the_nearest(function):
    with pytest.raises(InputError, match="has no 'Humn sounds'; did you mean 'Human sounds'"):
        function("Humn sounds")


def test_names_of_labels_and_groups_become_labels_in_the_order_of_the_head():
    head = ["Speech", "Bark", "my drill", "Dog", "Purr", "Rain"]
    assert expand(["Rain", "Dog", "Domestic animals, pets"], head) == ["Bark", "Dog", "Purr", "Rain"]
    assert expand(["my drill", "Human sounds"], head) == ["Speech", "my drill"]
    assert expand("Animal", head) == ["Bark", "Dog", "Purr"]
    assert expand([], head) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dogs", "'dogs' is no label of the head and no group of AudioSet's; did you mean 'Dog'"),
        ("my dril", "did you mean 'my drill'"),
        ("qqqqq", "it could be 'my drill', 'Dog', 'Human sounds'"),
        ("Rain", "The head has no label at or below 'Rain'; leave it out"),
    ],
)
def test_names_of_nothing_that_the_head_knows(name, message):
    with pytest.raises(InputError, match=message):
        expand(["Dog", name], ["my drill", "Dog"])
    with pytest.raises(InputError, match=message):
        roll_up(np.zeros((1, 2)), ["my drill", "Dog"], ["Dog", name])


def test_groups_score_as_high_as_their_highest_label():
    scores = np.array([[0.9, 0.1, 0.3, 0.0], [0.2, 0.6, 0.5, 0.7]], np.float32)
    rolled = roll_up(scores, ["Speech", "Bark", "Dog", "my drill"], ["Animal", "Human sounds", "my drill"])
    np.testing.assert_array_equal(rolled, np.array([[0.3, 0.9, 0.0], [0.6, 0.2, 0.7]], np.float32))
    assert rolled.dtype == np.float32
    assert roll_up(scores[:0], ["Speech", "Bark", "Dog", "Cat"], ["Animal"]).shape == (0, 1)


def test_scores_of_other_labels():
    with pytest.raises(InputError, match=r"shape \(2, 3\) are not of 2 labels"):
        roll_up(np.zeros((2, 3)), ["Dog", "Cat"], ["Animal"])
