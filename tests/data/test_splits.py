from collections import Counter

import pytest
from datasets_made import of_paths, with_audio

from whisper_at_hf.data import assign_folds, check_splits, fold_split, folds, holdout_split, join_folds
from whisper_at_hf.errors import InputError

# 20 of a, 10 of b, 2 of c, 1 of d
LABELS = ["a"] * 20 + ["b"] * 10 + ["c"] * 2 + ["d"]


def class_counts(dataset):
    return Counter(label for labels in dataset["labels"] for label in labels)


def test_holdout_is_stratified():
    train, validation = holdout_split(of_paths(LABELS))
    assert class_counts(validation) == {"a": 4, "b": 2, "c": 1}
    assert class_counts(train) == {"a": 16, "b": 8, "c": 1, "d": 1}
    assert sorted([*train["path"], *validation["path"]]) == sorted(of_paths(LABELS)["path"])


def test_holdout_depends_on_the_seed_alone():
    dataset = of_paths(LABELS)
    first, again, other = (holdout_split(dataset, seed=seed)[1]["path"][:] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("seed", range(20))
def test_holdout_keeps_files_together_and_trains_every_label(seed):
    names = [["a", "x"], ["b"], ["a"], ["b", "x"], ["c", "y"], ["c"], ["a"], ["b"]]
    dataset = of_paths(names * 2, [f"/clips/{number}.wav" for number in range(8)] * 2, start=[0.0] * 8 + [1.0] * 8)
    train, validation = holdout_split(dataset, share=0.5, seed=seed)
    assert len(validation) and not set(train["path"]) & set(validation["path"])
    check_splits(train, validation, sorted(class_counts(dataset)))


def test_clips_without_labels_are_held_out_too():
    dataset = of_paths(["a"] * 10).map(lambda row, index: {"labels": row["labels"] * (index % 2)}, with_indices=True)
    _, validation = holdout_split(dataset, share=0.4)
    assert sorted(map(len, validation["labels"])) == [0, 0, 1, 1]


def test_a_large_share_leaves_every_class_in_training():
    train, validation = holdout_split(of_paths(LABELS), share=0.99)
    assert class_counts(train) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert class_counts(validation) == {"a": 19, "b": 9, "c": 1}


def test_a_label_spread_over_rarer_ones_stays_in_training():
    dataset = of_paths([["a", "x"], ["a"], ["b", "x"], ["b"], ["c", "x"], ["c"]])
    for seed in range(40):
        train, _ = holdout_split(dataset, share=0.5, seed=seed)
        assert class_counts(train).keys() == {"a", "b", "c", "x"}


def test_holdout_of_embedded_clips_that_share_a_name():
    audio = [{"path": "audio.wav", "bytes": bytes([number])} for number in range(10)]
    _, validation = holdout_split(with_audio(audio, labels=[["a"]] * 10))
    assert len(validation) == 2


def test_bad_holdouts():
    for share in (0, 1, -0.1, float("nan")):
        with pytest.raises(InputError, match="The validation share is"):
            holdout_split(of_paths(LABELS), share)
    with pytest.raises(InputError, match="No class has two files"):
        holdout_split(of_paths(["a", "b"]))


def test_joined_folds():
    dataset = assign_folds(of_paths(["a"] * 12), 12)
    joined = join_folds(dataset, 4)
    pairs = sorted({(int(one), other) for one, other in zip(dataset["fold"], joined["fold"], strict=True)})
    assert pairs == [(fold, str((fold + 2) // 3)) for fold in range(1, 13)]
    with pytest.raises(InputError, match="13 folds of 12"):
        join_folds(dataset, 13)


def test_fold_split():
    dataset = of_paths(list("abab"), fold=["10", "2", "x", "2"])
    assert folds(dataset) == ["2", "10", "x"]
    train, test = fold_split(dataset, 2)
    assert test["path"][:] == ["/clips/1.wav", "/clips/3.wav"]
    assert train["path"][:] == ["/clips/0.wav", "/clips/2.wav"]
    with pytest.raises(InputError, match="No fold '3' to hold out among the folds 2, 10, x"):
        fold_split(dataset, "3")
    with pytest.raises(InputError, match="No fold '1' to hold out among the folds 1"):
        fold_split(of_paths(["a", "b"], fold=["1", "1"]), "1")
    with pytest.raises(InputError, match="no column fold"):
        folds(of_paths(["a"]))


def test_assigned_folds_are_balanced():
    dataset = assign_folds(of_paths(LABELS), count=5, seed=3)
    assert folds(dataset) == list("12345")
    by_fold = [class_counts(fold_split(dataset, fold)[1]) for fold in folds(dataset)]
    assert [counts["a"] for counts in by_fold] == [4] * 5 and [counts["b"] for counts in by_fold] == [2] * 5
    assert sorted(counts.total() for counts in by_fold) == [6, 6, 7, 7, 7]
    assert dataset["fold"][:] == assign_folds(dataset, count=5, seed=3)["fold"][:]
    assert dataset["fold"][:] != assign_folds(dataset, count=5, seed=4)["fold"][:]


def test_assigned_folds_keep_files_together():
    dataset = assign_folds(of_paths(["a"] * 6, ["/1", "/2", "/3"] * 2), count=3)
    assert dataset["fold"][:3] == dataset["fold"][3:] and len(set(dataset["fold"])) == 3


@pytest.mark.parametrize("count", [1, 3])
def test_bad_fold_counts(count):
    with pytest.raises(InputError, match=f"{count} folds of 2 files"):
        assign_folds(of_paths(["a", "b"]), count)
