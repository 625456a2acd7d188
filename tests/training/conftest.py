"""Whole runs on a tiny random Whisper and tones, whose features are encoded once a session."""

from pathlib import Path

import pytest
from labelled_sounds import PITCHES, write_csv, write_tones

from whisper_at_hf.training import parse_arguments, run_training

MULTI_LABELS = [["low"], ["mid", "high"], [], ["low", "high"], ["mid"], ["high"]]


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> Path:
    """A folder with train.csv (18 clips of 3 classes), val.csv and test.csv (6 each), all.csv with 4 folds, and
    multi.csv and multi-val.csv, where clips have no, one or two labels."""
    folder = tmp_path_factory.mktemp("clips")
    labels = list(PITCHES) * 10
    names = write_tones(folder, [[label] for label in labels])
    rows = [
        (name, label, str(place // 3 % 4 + 1)) for place, (name, label) in enumerate(zip(names, labels, strict=True))
    ]
    for name, part in (("train", rows[:18]), ("val", rows[18:24]), ("test", rows[24:])):
        write_csv(folder / f"{name}.csv", [row[:2] for row in part])
    write_csv(folder / "all.csv", rows[:24], ("path", "label", "fold"))
    for name, repeats, seed in (("multi", 4, 1), ("multi-val", 2, 2)):
        names = write_tones(folder, MULTI_LABELS * repeats, seed)
        rows = [(name, ";".join(labels)) for name, labels in zip(names, MULTI_LABELS * repeats, strict=True)]
        write_csv(folder / f"{name}.csv", rows, ("path", "labels"))
    return folder


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory) -> Path:
    """Where the features of `clips` lie."""
    return tmp_path_factory.mktemp("features")


@pytest.fixture
def arguments(whisper_folder, cache_folder, tmp_path):
    """The arguments of a short run into tmp_path / "run"; `flags` may say otherwise."""

    def arguments(*flags, **values):
        short = {
            "whisper": str(whisper_folder),
            "cache_dir": str(cache_folder),
            "output_dir": str(tmp_path / "run"),
            "window_length_s": 1.2,
            "num_train_epochs": 2,
            "per_device_train_batch_size": 6,
            "disable_tqdm": True,
            "use_cpu": True,
        }
        return parse_arguments([str(flag) for flag in flags], **{**short, **values})

    return arguments


@pytest.fixture
def run(arguments):
    """Trains with `arguments` and gives the results."""
    return lambda *flags, **values: run_training(*arguments(*flags, **values))
