"""Every fold is tested once by a head that has not heard it; what is finished is not trained again."""

import json

import numpy as np
import pytest
from labelled_sounds import write_csv

from whisper_at_hf import InputError, TLTRForAudioClassification
from whisper_at_hf.training import AudioDataset, cross_validation
from whisper_at_hf.training.cross_validation import summary_rows
from whisper_at_hf.training.fitting import Scores
from whisper_at_hf.training.prepare import prepare


@pytest.fixture
def flags(clips):
    return ["--train", clips / "all.csv", "--cross_validation"]


@pytest.fixture
def fitted(monkeypatch):
    """What was trained: (train keys, test keys, seed, keyword arguments) of each call of fit_head."""
    calls = []
    fit_head = cross_validation.fit_head

    def spy(parts, head, args, **kwargs):
        calls.append((parts.train[0].keys(), parts.test.keys(), args.seed, kwargs))
        return fit_head(parts, head, args, **kwargs)

    monkeypatch.setattr(cross_validation, "fit_head", spy)
    return calls


@pytest.mark.long
def test_each_fold_is_held_out_once_a_seed(run, flags, fitted):
    results = run(*flags, "--seeds", 1, 2)
    assert [seed for _, _, seed, _ in fitted] == [1] * 4 + [2] * 4
    for train, test, _, _ in fitted:
        assert len(train) == 18 and len(test) == 6 and not set(train) & set(test)
    assert len({key for _, test, _, _ in fitted[:4] for key in test}) == 24
    runs = results["cross_validation"]["folds"]
    assert [(run["fold"], run["seed"]) for run in runs] == [
        (str(fold), seed) for seed in (1, 2) for fold in range(1, 5)
    ]


@pytest.mark.long
def test_mean_and_standard_deviation_are_over_folds_of_means_over_seeds(run, flags, tmp_path, monkeypatch):
    scores = iter([0.2, 0.4, 0.6, 0.8, 0.4, 0.4, 0.8, 1.0])  # folds of the first seed, then of the second
    monkeypatch.setattr(
        cross_validation, "score", lambda *_: Scores({"test_accuracy": next(scores)}, np.empty(0), np.empty(0))
    )
    results = run(*flags, "--seeds", 1, 2, num_train_epochs=1)
    validation = results["cross_validation"]
    folds, mean = [0.3, 0.4, 0.7, 0.9], 0.575
    std = ((0.275**2 + 0.175**2 + 0.125**2 + 0.325**2) / 3) ** 0.5
    assert validation["mean_of_fold"]["test_accuracy"] == pytest.approx(folds)
    assert results["test_accuracy"] == validation["mean"]["test_accuracy"] == pytest.approx(mean)
    assert validation["std"]["test_accuracy"] == pytest.approx(std)
    header, *rows = summary_rows(results)
    assert header[:2] == ("fold", "accuracy")
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "mean", "std"]
    assert [row[1] for row in rows] == [f"{value:.4f}" for value in (*folds, mean, std)]
    assert json.loads((tmp_path / "run" / "results.json").read_text())["cross_validation"] == validation


def test_the_head_of_each_fold_is_kept(run, flags, tmp_path):
    run(*flags)
    for fold in "1234":
        folder = tmp_path / "run" / f"fold-{fold}" / "seed-42"
        assert {path.name for path in folder.iterdir()} == {"model.safetensors", "config.json", "results.json"}
        assert TLTRForAudioClassification.from_pretrained(folder).config.labels == ["high", "low", "mid"]


def stop_after(folds):
    """Stops cross-validation as Ctrl-C does after so many folds, until it is undone."""
    fit_head, begun = cross_validation.fit_head, []

    def stopping(*args, **kwargs):
        begun.append(1)
        if len(begun) > folds:
            raise KeyboardInterrupt
        return fit_head(*args, **kwargs)

    patch = pytest.MonkeyPatch()
    patch.setattr(cross_validation, "fit_head", stopping)
    return patch


@pytest.mark.long
def test_a_resumed_run_trains_only_what_is_missing(run, flags, tmp_path, fitted):
    whole = run(*flags, output_dir=str(tmp_path / "whole"))
    patch = stop_after(2)
    with pytest.raises(KeyboardInterrupt):
        run(*flags)
    patch.undo()
    with pytest.raises(InputError, match="unfinished run.*--resume"):
        run(*flags)
    fitted.clear()
    resumed = run(*flags, resume_from_checkpoint="True")
    assert len(fitted) == 2
    assert resumed["cross_validation"]["folds"] == whole["cross_validation"]["folds"]


def test_folds_of_another_heads_shape_are_not_mixed_in(run, flags):
    patch = stop_after(2)
    with pytest.raises(KeyboardInterrupt):
        run(*flags)
    patch.undo()
    with pytest.raises(InputError, match="fold-.*projection_dim=None, and this run is told 16"):
        run(*flags, "--projection_dim", 16, resume_from_checkpoint="True")


@pytest.mark.long
def test_an_overwritten_run_that_was_stopped_does_not_go_on_with_the_old_one(run, flags, fitted):
    run(*flags, seed=1)
    patch = stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        run(*flags, "--overwrite", seed=1, learning_rate=1e-5)
    patch.undo()
    fitted.clear()
    run(*flags, seed=1, learning_rate=1e-5, resume_from_checkpoint="True")
    assert len(fitted) == 3


def test_folds_are_drawn_where_the_data_has_none(run, clips, fitted):
    results = run("--train", clips / "train.csv", "--cross_validation", "--num_folds", 3)
    assert results["cross_validation"]["fold"] == ["1", "2", "3"]
    assert sorted(key for _, test, _, _ in fitted for key in test) == sorted(
        {key for train, *_ in fitted for key in train}
    )


def test_folds_can_be_joined(run, flags, fitted):
    results = run(*flags, "--num_folds", 2)
    assert results["cross_validation"]["fold"] == ["1", "2"]
    assert [len(test) for _, test, _, _ in fitted] == [12, 12]


def test_the_teacher_of_each_clip_stays_its_own(arguments, clips, tmp_path):
    data, head, _ = arguments("--train", clips / "all.csv")
    rows, names = cross_validation.fold_rows(data, 0)
    parts = prepare({"train": rows, "validation": None, "test": None}, data, head)
    parts.train[0].teacher = np.arange(24.0)[:, None]
    train = cross_validation._split(parts, names[1]).train[0]
    assert train.keys() == [parts.train[0].keys()[int(row)] for row in train.teacher[:, 0]]
    assert len(train.teacher) == 18


def test_audio_can_be_changed_on_the_fly(run, flags, fitted):
    run(*flags, "--on_the_fly", "--num_folds", 2, num_train_epochs=1)
    for train, _, _, kwargs in fitted:
        assert isinstance(kwargs["train_dataset"], AudioDataset) and len(kwargs["train_dataset"]) == len(train)


@pytest.mark.parametrize(
    "more, message",
    [
        (["--validation", "val.csv"], "every fold in turn"),
        (["--test_fold", "1"], "every fold in turn"),
        (["--refit"], "--refit"),
        (["--early_stopping_patience", "2"], "--early_stopping_patience"),
        (["--num_folds", "1"], "folds"),
        (["--num_folds", "99"], "folds"),
    ],
)
def test_what_does_not_go_with_folds_is_refused(run, flags, more, message):
    with pytest.raises(InputError, match=message):
        run(*flags, *more)


def test_folds_of_any_name_stay_inside_the_folder(run, clips, tmp_path):
    lines = [line.split(",") for line in (clips / "all.csv").read_text().split()[1:]]
    named = [(clips / path, label, "../../up" if fold in "12" else "a/b ü") for path, label, fold in lines]
    csv = write_csv(tmp_path / "named.csv", named, ("path", "label", "fold"))
    results = run("--train", csv, "--cross_validation")
    assert results["cross_validation"]["fold"] == ["../../up", "a/b ü"]
    assert len(list((tmp_path / "run").glob("fold-*/seed-42/results.json"))) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"named.csv", "run"}


def test_one_fold_is_not_enough(run, clips, tmp_path):
    lines = [line.split(",") for line in (clips / "train.csv").read_text().split()[1:]]
    csv = write_csv(
        tmp_path / "one.csv", [(clips / path, label, "1") for path, label in lines], ("path", "label", "fold")
    )
    with pytest.raises(InputError, match="at least two folds"):
        run("--train", csv, "--cross_validation")
