"""The teacher's file: what is in it, what happens when it is stopped, and that heads can learn from it."""

import csv

import numpy as np
import pytest
from datasets import Dataset
from labelled_sounds import write_csv, write_tones

from whisper_at_hf import InputError
from whisper_at_hf.audio import load_audio
from whisper_at_hf.data import load_csv
from whisper_at_hf.training.distillation import load_teacher
from whisper_at_hf.training.teaching import teach


class Loudness:
    """Says how loud a clip is, and remembers how many it was asked about."""

    labels = ["loud", "long", "always"]
    sampling_rate = 16_000

    def __init__(self, stop_after=None):
        self.asked, self.stop_after = 0, stop_after

    def __call__(self, clips):
        self.asked += len(clips)
        if self.stop_after is not None and self.asked > self.stop_after:
            raise KeyboardInterrupt
        return np.array([[float(np.abs(clip).mean()), min(1.0, len(clip) / 32_000), 1.0] for clip in clips])


@pytest.fixture
def rows(tmp_path):
    names = write_tones(tmp_path, [["low"], ["mid"], ["low", "high"], [], ["high"]])
    write_csv(tmp_path / "data.csv", [(name, "x") for name in names])
    return load_csv(tmp_path / "data.csv")


def test_heads_read_what_the_tagger_said(rows, tmp_path):
    tagger = Loudness()
    assert teach(rows, tagger, tmp_path / "teacher.csv", batch_size=2) == []
    expected = np.concatenate([tagger([load_audio(row["path"])]) for row in rows])
    np.testing.assert_allclose(load_teacher(tmp_path / "teacher.csv", rows, tagger.labels), expected, rtol=1e-5)
    some = load_teacher(tmp_path / "teacher.csv", rows.select([3, 1]), ["always", "loud"])
    np.testing.assert_allclose(some, expected[[3, 1]][:, [2, 0]], rtol=1e-5)


def test_parts_of_one_file_are_taught_apart(rows, tmp_path):
    path = rows[0]["path"]
    bounds = {"start": [0.0, 0.4, None], "end": [0.4, None, None]}
    parts = Dataset.from_dict({"path": [path] * 3, "labels": [[]] * 3, **bounds})
    teach(parts, Loudness(), tmp_path / "teacher.csv")
    found = load_teacher(tmp_path / "teacher.csv", parts, ["long"])[:, 0]
    np.testing.assert_allclose(found, [0.2, 0.4, 0.6])


def test_chosen_labels_alone_are_written(rows, tmp_path):
    teach(rows, Loudness(), tmp_path / "teacher.csv", labels=["long"])
    with (tmp_path / "teacher.csv").open() as file:
        assert next(csv.reader(file)) == ["path", "start", "end", "long"]
    with pytest.raises(InputError, match="does not know 'Cat'; leave 1 label out"):
        teach(rows, Loudness(), tmp_path / "other.csv", labels=["long", "Cat"])


@pytest.mark.parametrize("torn", [0, 1, 9])
def test_stopped_it_goes_on_where_it_was(rows, tmp_path, torn):
    output = tmp_path / "out" / "teacher.csv"
    with pytest.raises(KeyboardInterrupt):
        teach(rows, Loudness(stop_after=3), output, batch_size=1)
    assert not output.exists()
    (draft,) = output.parent.iterdir()
    draft.write_bytes(draft.read_bytes()[: -torn or None])
    again = Loudness()
    teach(rows, again, output, batch_size=1)
    assert again.asked == (2 if torn == 0 else 3)
    assert [path.name for path in output.parent.iterdir()] == ["teacher.csv"]
    teach(rows, Loudness(), tmp_path / "whole.csv")
    assert sorted(output.read_text().splitlines()) == sorted((tmp_path / "whole.csv").read_text().splitlines())


def test_another_tagger_does_not_go_on_with_it(rows, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        teach(rows, Loudness(stop_after=3), tmp_path / "teacher.csv", name="one", batch_size=1)
    other = Loudness()
    teach(rows, other, tmp_path / "teacher.csv", name="two")
    assert other.asked == 5


def test_a_clip_twice_is_taught_once(rows, tmp_path):
    tagger = Loudness()
    teach(rows.select([0, 1, 0]), tagger, tmp_path / "teacher.csv")
    assert tagger.asked == 2


def test_unreadable_clips_are_named_and_the_others_taught(rows, tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    parts = {"path": [rows[0]["path"], str(tmp_path / "broken.wav"), rows[1]["path"]], "start": [None, None, 99.0]}
    data = Dataset.from_dict({**parts, "labels": [[]] * 3})
    with pytest.warns(UserWarning, match="2 clips could not be read and left out: .*broken.wav"):
        failures = teach(data, Loudness(), tmp_path / "teacher.csv")
    assert "No sound in" in failures[0] and "no sound from 99 s on" in failures[1]
    assert len((tmp_path / "teacher.csv").read_text().splitlines()) == 2
    with pytest.raises(InputError, match="None of the clips can be read"):
        teach(data.select([1]), Loudness(), tmp_path / "none.csv")
    assert not list(tmp_path.glob("*none.csv*"))


def test_a_file_that_is_there_is_kept_unless_told(rows, tmp_path):
    (tmp_path / "teacher.csv").write_text("mine")
    with pytest.raises(InputError, match="is there already; .* --overwrite"):
        teach(rows, Loudness(), tmp_path / "teacher.csv")
    teach(rows, Loudness(), tmp_path / "teacher.csv", overwrite=True)
    assert "loud" in (tmp_path / "teacher.csv").read_text()


@pytest.mark.parametrize("answer", [np.ones((1, 2)), np.full((1, 3), 1.5), np.full((1, 3), np.nan)])
def test_what_is_no_probability_is_refused(rows, tmp_path, answer):
    tagger = Loudness()
    tagger.__class__ = type("Wrong", (Loudness,), {"__call__": lambda self, clips: answer})
    with pytest.raises(InputError, match="has to give probabilities from 0 to 1, here 1 x 3"):
        teach(rows, tagger, tmp_path / "teacher.csv", batch_size=1)


def test_data_without_paths_is_refused(tmp_path):
    with pytest.raises(InputError, match="names clips by their path"):
        teach(Dataset.from_dict({"audio": [1]}), Loudness(), tmp_path / "teacher.csv")
