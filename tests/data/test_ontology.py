import json

import pytest
from datasets_made import of_paths

from whisper_at_hf.data import group_labels, label_groups
from whisper_at_hf.errors import InputError
from whisper_at_hf.labels import audioset_labels

# As in AudioSet's: a label below two tops, a loop-free depth of three, and a name that differs from the label list's.
NODES = [
    ("/m/0dgw9r", "Human sounds", ["/m/09l8g"]),
    ("/m/09l8g", "Human voice", ["/m/09x0r"]),
    ("/m/09x0r", "Speech of people", []),
    ("/m/0jbk", "Animal", ["/hiss"]),
    ("/hiss", "Hiss", []),
    ("/t/dd00041", "Sounds of things", ["/hiss", "/steam"]),
    ("/steam", "Steam", []),
]


@pytest.fixture
def ontology(tmp_path):
    path = tmp_path / "ontology.json"
    nodes = [{"id": key, "name": name, "description": "", "child_ids": below} for key, name, below in NODES]
    path.write_text(json.dumps(nodes))
    return path


def test_groups(ontology):
    assert label_groups(ontology) == {
        "Human sounds": "Human sounds",
        "Human voice": "Human sounds",
        "Speech": "Human sounds",
        "Animal": "Animal",
        "Hiss": "Animal",
        "Sounds of things": "Sounds of things",
        "Steam": "Sounds of things",
    }


def test_by_default_the_groups_are_audiosets():
    groups = label_groups()
    assert len(set(groups.values())) == 7 and groups.keys() > set(audioset_labels())
    assert groups["Bark"] == groups["Hiss"] == "Animal"  # "Natural sounds" and others are further down
    assert groups["Bell"] == "Music" and groups["Doorbell"] == "Sounds of things"


def test_labels_become_groups(ontology):
    dataset = of_paths([["Speech", "Human voice", "Steam"], "Hiss"], fold=["1", "2"])
    grouped = group_labels(dataset, label_groups(ontology))
    assert grouped["labels"][:] == [["Human sounds", "Sounds of things"], ["Animal"]]
    assert grouped["path"][:] == dataset["path"][:] and grouped["fold"][:] == ["1", "2"]


def test_bad_ontologies(ontology, tmp_path):
    with pytest.raises(InputError, match="1 label in no group .'Vogon poetry'."):
        group_labels(of_paths(["Vogon poetry"]), label_groups(ontology))
    with pytest.raises(InputError, match="none.json' cannot be read"):
        label_groups(tmp_path / "none.json")
    odd = ('[{"id": "x", "name": "X", "child_ids": 1}]', '[{"id": "x", "name": ["X"], "child_ids": []}]')
    for text in ("{", "[1]", '[{"id": "x"}]', "{}[", "3", "[" * 100_000, *odd):
        ontology.write_text(text)
        with pytest.raises(InputError, match="is no ontology of AudioSet"):
            label_groups(ontology)
