import numpy as np
import pytest
from datasets import Dataset
from labelled_sounds import write_csv

from whisper_at_hf import InputError
from whisper_at_hf.training.distillation import load_teacher

LABELS = ["Rain", "Waves, surf"]


@pytest.fixture
def rows(tmp_path):
    return Dataset.from_dict({"path": [str(tmp_path / name) for name in ("b.wav", "a.wav")]})


@pytest.fixture
def teacher(tmp_path):
    def teacher(*lines, header=("path", "Waves, surf", "Rain")):
        return write_csv(tmp_path / "teacher.csv", lines, header)

    return teacher


def test_probabilities_are_in_the_order_of_clips_and_labels(teacher, rows, tmp_path):
    path = teacher(("a.wav", 0.1, 0.2), (tmp_path / "b.wav", 0.3, 1), ("c.wav", 0, 0))
    found = load_teacher(path, rows, LABELS)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array([[1, 0.3], [0.2, 0.1]], dtype=np.float32))


@pytest.mark.parametrize("value", ["", "high", "1.5", "-0.1", "nan", "inf"])
def test_what_is_no_probability_is_refused(teacher, rows, value):
    with pytest.raises(InputError, match="probabilities.*b.wav"):
        load_teacher(teacher(("a.wav", 0.1, 0.2), ("b.wav", 0.3, value)), rows, LABELS)


def test_a_line_that_is_too_short_is_refused(teacher, rows):
    with pytest.raises(InputError, match="teacher.csv', line 3"):
        load_teacher(teacher(("a.wav", 0.1, 0.2), ("b.wav", 0.3)), rows, LABELS)


def test_a_missing_column_is_named(teacher, rows):
    with pytest.raises(InputError, match="no column Rain"):
        load_teacher(teacher(("a.wav", 0.1), header=("path", "Waves, surf")), rows, LABELS)


def test_a_missing_clip_is_named(teacher, rows):
    with pytest.raises(InputError, match="no row for 1 clip.*b.wav"):
        load_teacher(teacher(("a.wav", 0.1, 0.2)), rows, LABELS)


def test_an_empty_or_missing_file_is_refused(tmp_path, rows):
    (tmp_path / "empty.csv").touch()
    for name in ("empty.csv", "none.csv"):
        with pytest.raises(InputError, match=name):
            load_teacher(tmp_path / name, rows, LABELS)


def test_a_file_that_is_no_text_is_refused(tmp_path, rows):
    (tmp_path / "teacher.csv").write_bytes(b"path,Rain\n\xff\xfe\x00")
    with pytest.raises(InputError, match="teacher.csv"):
        load_teacher(tmp_path / "teacher.csv", rows, LABELS)


def test_clips_without_paths_are_refused(teacher):
    with pytest.raises(InputError, match="path"):
        load_teacher(teacher(("a.wav", 0.1, 0.2)), Dataset.from_dict({"audio": [{"bytes": b""}]}), LABELS)


def test_a_path_that_no_file_can_have_is_refused(tmp_path, rows):
    (tmp_path / "teacher.csv").write_text("path,Dog,Rain\na\0.wav,0,1\n")
    with pytest.raises(InputError, match="which no file can have"):
        load_teacher(tmp_path / "teacher.csv", rows, ["Dog", "Rain"])
