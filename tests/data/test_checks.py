import pytest
from datasets_made import of_paths, with_audio

from whisper_at_hf.data import check_splits
from whisper_at_hf.errors import InputError


def other(labels, **columns):
    """A dataset of other files than `of_paths` makes by itself."""
    return of_paths(labels, [f"/other/{number}.wav" for number in range(len(labels))], **columns)


def test_good_splits():
    assert check_splits(of_paths(["a", "b"]), other(["b", "a"]), ["a", "b"]) == []
    assert check_splits(of_paths(["a", "b"]), None, ["a", "b"]) == []


def test_unknown_labels():
    with pytest.raises(InputError, match="in the training data that are not in the label set: 'c'"):
        check_splits(of_paths(["a", "c"]), None, ["a"])
    with pytest.raises(InputError, match="in the validation data that are not in the label set: 'c'"):
        check_splits(of_paths(["a"]), other(["c"]), ["a"])


def test_empty_classes():
    with pytest.raises(InputError, match="No training clips for 2 labels: 'b', 'c'"):
        check_splits(of_paths(["a"]), None, ["a", "b", "c"])
    assert check_splits(of_paths(["a"]), None, ["a", "b"], allow_empty=True) == ["No training clips for 1 label: 'b'."]


@pytest.mark.parametrize("allow_empty", [False, True])
def test_a_class_in_validation_only(allow_empty):
    with pytest.raises(InputError, match="Labels in the validation data only: 'b'"):
        check_splits(of_paths(["a"]), other(["a", "b"]), ["a", "b"], allow_empty=allow_empty)


def test_a_teacher_knows_classes_that_no_training_clip_has():
    notes = check_splits(of_paths(["a"]), other(["a", "b"]), ["a", "b"], allow_empty=True, taught=True)
    assert notes == ["No training clips for 1 label: 'b'."]


def test_a_class_in_training_only_is_a_warning():
    expected = ["No validation clips for 1 label: 'b'."]
    assert check_splits(of_paths(["a", "b"]), other(["a"]), ["a", "b"]) == expected


def test_duplicate_files():
    with pytest.raises(InputError, match=r"1 clip .* also in the training data \('/clips/1.wav'\)"):
        check_splits(of_paths(["a", "a"]), of_paths(["a", "a"], ["/clips/1.wav", "/new.wav"]), ["a"])


def test_segments_of_one_file_are_different_clips():
    train = of_paths(["a"], start=[0.0], end=[1.0])
    assert check_splits(train, of_paths(["a"], start=[1.0], end=[2.0]), ["a"]) == []
    with pytest.raises(InputError, match="1 clip"):
        check_splits(train, of_paths(["a"], start=[0.0], end=[1.0]), ["a"])


def test_duplicates_by_content():
    train, validation = of_paths(["a", "a"]), other(["a", "a"])
    assert check_splits(train, validation, ["a"], ["k1", None], ["k2", None]) == []
    with pytest.raises(InputError, match="'/other/1.wav'"):
        check_splits(train, validation, ["a"], ["k1", "k2"], ["k3", "k1"])


def test_embedded_files_are_compared_by_content():
    train = with_audio([{"path": "0.wav", "bytes": b"one"}], labels=[["a"]])
    assert check_splits(train, with_audio([{"path": "0.wav", "bytes": b"two"}], labels=[["a"]]), ["a"]) == []
    with pytest.raises(InputError, match="'7.wav'"):
        check_splits(train, with_audio([{"path": "7.wav", "bytes": b"one"}], labels=[["a"]]), ["a"])
