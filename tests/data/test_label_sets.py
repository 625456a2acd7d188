import numpy as np
import pytest
from datasets_made import of_paths
from sklearn.preprocessing import LabelEncoder, MultiLabelBinarizer

from whisper_at_hf.data import infer_problem_type, resolve_labels, targets
from whisper_at_hf.errors import InputError
from whisper_at_hf.labels import audioset_labels, audioset_mids

SINGLE, MULTI = "single_label_classification", "multi_label_classification"


def test_labels_of_the_data():
    assert resolve_labels(None, of_paths(["dog", ["cat", "dog"]]), of_paths(["bird"])) == ["bird", "cat", "dog"]


def test_audioset_and_lists():
    assert resolve_labels("audioset") == audioset_labels()
    assert resolve_labels(["dog", "/m/09x0r"]) == ["dog", "Speech"]
    assert resolve_labels(name for name in ("b", "a")) == ["b", "a"]


def test_label_files(tmp_path):
    text = tmp_path / "labels.txt"
    text.write_text("Waves, surf\n\nWind \n")
    assert resolve_labels(text) == ["Waves, surf", "Wind"]
    table = tmp_path / "labels.csv"
    rows = [f'{n},{m},"{name}"' for n, (m, name) in enumerate(zip(audioset_mids(), audioset_labels(), strict=True))]
    table.write_text("\n".join(["index,mid,display_name", *rows]))
    assert resolve_labels(str(table)) == audioset_labels()
    for content in ("label\ndog\ncat\n", "dog\ncat\n"):
        table.write_text(content)
        assert resolve_labels(table) == ["dog", "cat"]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("labels.txt", "", "No labels in"),
        ("labels.txt", "dog\ncat\ndog\n", "Repeated labels in .*: 'dog'"),
        ("labels.csv", "", "No labels in"),
        ("labels.csv", "Waves, surf\nWind\n", "'Wind' has 1 cells, not 2: use quotes"),
        ("labels.csv", "id,text\n1,dog\n", "no column display_name or label, only id, text"),
        ("labels.json", "[]", 'pass "audioset", a .txt or .csv file'),
    ],
)
def test_bad_label_files(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        resolve_labels(tmp_path / name)


def test_bad_label_arguments(tmp_path):
    for bad, message in [
        ([], "No labels"),
        (["a", ""], "'' in labels is no label"),
        (["a", 3], "3 in labels is no label"),
        (["Speech", "/m/09x0r"], "Repeated labels in labels: 'Speech'"),
        (tmp_path / "none.txt", "none.txt' cannot be read"),
        (None, "No labels in the data"),
    ]:
        with pytest.raises(InputError, match=message):
            resolve_labels(bad)


def test_problem_type():
    assert infer_problem_type(of_paths(["a", "b"])) == SINGLE
    assert infer_problem_type(of_paths(["a", ["a", "b"]])) == MULTI


def test_multi_label_targets_equal_scikit_learn():
    lists = [["cat", "dog"], ["bird"], ["dog"]]
    labels = ["dog", "bird", "unused", "cat"]
    found = targets(of_paths(lists), labels, MULTI)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, MultiLabelBinarizer(classes=labels).fit_transform(lists))


def test_single_label_targets_equal_scikit_learn():
    names = ["cat", "dog", "bird", "dog"]
    found = targets(of_paths(names), sorted(set(names)), SINGLE)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, LabelEncoder().fit_transform(names))


def test_bad_targets():
    with pytest.raises(InputError, match=r"'dgo' \(first in '/clips/1.wav'\): did you mean 'dog'"):
        targets(of_paths(["dog", "dgo"]), ["dog"], SINGLE)
    with pytest.raises(InputError, match="'/clips/1.wav' has 2 labels"):
        targets(of_paths(["dog", ["dog", "cat"]]), ["dog", "cat"], SINGLE)
    with pytest.raises(InputError, match="Unknown problem_type 'regression'"):
        targets(of_paths(["dog"]), ["dog"], "regression")
    with pytest.raises(InputError, match='no column "labels"'):
        targets(of_paths(["dog"]).remove_columns("labels"), ["dog"], SINGLE)
