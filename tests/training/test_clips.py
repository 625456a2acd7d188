"""Rows from several sources joined, encoded once, and cut into parts."""

import numpy as np
import pytest
import soundfile
from datasets import Audio, Dataset, load_from_disk
from labelled_sounds import PITCHES, tones, write_csv, write_tones

from whisper_at_hf import InputError
from whisper_at_hf.features import load_encoder
from whisper_at_hf.training import DataArguments, HeadArguments
from whisper_at_hf.training.clips import encode_clips, load_rows

LABELS = sorted(PITCHES)
SINGLE = "single_label_classification"


@pytest.fixture
def encode(whisper_folder, tmp_path):
    def encode(rows, problem_type=SINGLE):
        data = DataArguments(cache_dir=str(tmp_path / "features"))
        window = HeadArguments(window_length_s=1.2)
        return encode_clips(rows, LABELS, problem_type, load_encoder(whisper_folder), data, window)

    return encode


@pytest.fixture
def six(tmp_path):
    """Rows of six clips, two of each class."""
    names = write_tones(tmp_path, [[label] for label in LABELS * 2], seed=7)
    write_csv(tmp_path / "six.csv", list(zip(names, LABELS * 2, strict=True)))
    return load_rows([str(tmp_path / "six.csv")], DataArguments())


def test_no_sources_no_rows():
    assert load_rows([], DataArguments()) is None


def test_sources_are_joined_in_order(tmp_path):
    names = write_tones(tmp_path, [["low"], ["mid"], ["high"]])
    write_csv(tmp_path / "one.csv", [(names[2], "high", "1")], ("path", "label", "fold"))
    write_csv(tmp_path / "two.csv", [(names[0], "low"), (names[1], "mid")])
    rows = load_rows([str(tmp_path / "one.csv"), str(tmp_path / "two.csv")], DataArguments())
    assert rows["labels"][:] == [["high"], ["low"], ["mid"]]
    assert "fold" not in rows.column_names  # since not all clips have one


def test_segments_stay_segments_beside_whole_files(tmp_path):
    """Were the bounds dropped, both segments would be the file's beginning."""
    names = write_tones(tmp_path, [["low"], ["mid"]])
    write_csv(
        tmp_path / "cut.csv",
        [(names[0], "low", 0.0, 0.4), (names[0], "mid", 0.4, "")],
        ("path", "label", "start", "end"),
    )
    write_csv(tmp_path / "whole.csv", [(names[1], "mid")])
    for order in (("cut", "whole"), ("whole", "cut")):
        rows = load_rows([str(tmp_path / f"{name}.csv") for name in order], DataArguments())
        segments = {(row["path"].rsplit("/", 1)[-1], row["start"], row["end"]) for row in rows}
        assert segments == {(names[0], 0.0, 0.4), (names[0], 0.4, None), (names[1], None, None)}


def test_files_and_embedded_audio_do_not_mix(tmp_path):
    names = write_tones(tmp_path, [["low"], ["mid"]])
    write_csv(tmp_path / "files.csv", [(names[0], "low")])
    audio = [{"path": None, "bytes": (tmp_path / names[1]).read_bytes()}]
    rows = Dataset.from_dict({"audio": audio, "label": ["mid"]}).cast_column("audio", Audio(decode=False))
    rows.save_to_disk(tmp_path / "saved")
    assert len(load_from_disk(tmp_path / "saved")) == 1
    with pytest.raises(InputError, match="one kind"):
        load_rows([str(tmp_path / "files.csv"), str(tmp_path / "saved")], DataArguments())


def test_clips_keep_rows_targets_and_features_together(encode, six):
    clips = encode(six)
    assert len(clips) == 6 and clips.targets.tolist() == [0, 1, 2] * 2
    chosen = clips.select([4, 1])
    assert chosen.rows["path"][:] == [six[4]["path"], six[1]["path"]]
    assert chosen.targets.tolist() == [1, 1]
    item = chosen.dataset()[0]
    np.testing.assert_array_equal(item["pooled_states"], clips.cache[clips.positions[4]])
    assert item["labels"] == 1 and "teacher" not in item
    joined = chosen.join(clips.select([0]))
    assert joined.targets.tolist() == [1, 1, 0] and joined.keys()[2] == clips.keys()[0]


def test_clips_encoded_one_after_the_other_can_be_joined(encode, six):
    first, second = encode(six.select([0, 1])), encode(six.select([2, 3, 4]))
    for joined, rows in ((first.join(second), [0, 1, 2, 3, 4]), (second.join(first), [2, 3, 4, 0, 1])):
        expected = encode(six).select(rows)
        assert joined.keys() == expected.keys() and joined.targets.tolist() == expected.targets.tolist()
        for row in range(5):
            np.testing.assert_array_equal(
                joined.dataset()[row]["pooled_states"], expected.dataset()[row]["pooled_states"]
            )


def test_a_teacher_goes_along(encode, six):
    teacher = np.random.default_rng(0).random((6, 3), dtype=np.float32)
    clips = encode(six)
    clips.teacher = teacher
    dataset = clips.select([5, 3]).dataset()
    np.testing.assert_array_equal(dataset[1]["teacher"], teacher[3])
    dataset = clips.dataset()
    np.testing.assert_array_equal(dataset[5]["teacher"], teacher[5])


def test_multi_label_targets_are_indicators(encode, six):
    targets = encode(six, "multi_label_classification").targets
    np.testing.assert_array_equal(targets, np.eye(3, dtype=np.float32)[[0, 1, 2] * 2])


def test_an_unreadable_clip_is_left_out_with_a_warning(encode, tmp_path):
    names = write_tones(tmp_path, [["low"], ["mid"], ["high"]], seed=8)
    (tmp_path / names[1]).write_text("no audio")
    write_csv(tmp_path / "some.csv", list(zip(names, ("low", "mid", "high"), strict=True)))
    rows = load_rows([str(tmp_path / "some.csv")], DataArguments())
    with pytest.warns(UserWarning, match=f"1 clip could not be read.*{names[1]}"):
        clips = encode(rows)
    assert clips.rows["labels"][:] == [["low"], ["high"]]
    assert clips.targets.tolist() == [LABELS.index("low"), LABELS.index("high")]


def test_many_unreadable_clips_are_not_all_listed(encode, tmp_path):
    names = [f"broken-{number}.wav" for number in range(30)] + ["good.wav"]
    for name in names[:-1]:
        (tmp_path / name).write_text(f"no audio in {name}")
    soundfile.write(tmp_path / "good.wav", tones(["low"], 5), 16_000)
    write_csv(tmp_path / "some.csv", [(name, "low") for name in names])
    with pytest.warns(UserWarning, match="30 clips could not be read") as caught:
        encode(load_rows([str(tmp_path / "some.csv")], DataArguments()))
    (message,) = [str(warning.message) for warning in caught if "could not be read" in str(warning.message)]
    assert message.count("broken-") < 20 and message.endswith("...")


def test_nothing_readable_is_refused(encode, tmp_path):
    (tmp_path / "broken.wav").write_text("no audio at all")
    write_csv(tmp_path / "some.csv", [("broken.wav", "low")])
    with pytest.raises(InputError, match="None of the clips"):
        encode(load_rows([str(tmp_path / "some.csv")], DataArguments()))
