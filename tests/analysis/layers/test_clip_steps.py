"""How much of its window a clip fills."""

import pytest
import soundfile
from labelled_sounds import write_csv
from sounds import RATE, sine

from whisper_at_hf.analysis.layers.clip_steps import clip_seconds, filled_steps
from whisper_at_hf.data import load_data
from whisper_at_hf.errors import InputError
from whisper_at_hf.features import FeatureSpec

SPEC = FeatureSpec("", 2, 16, window_length_s=2.0)


def test_steps_begin_while_the_clip_sounds():
    seconds = [0.01, 0.4, 0.41, 1.2, 1.2 + 1 / RATE, 1.99, 2.0, 30.0]
    assert filled_steps(seconds, SPEC) == [1, 1, 2, 3, 3, 5, 5, 5]


def test_one_step_for_encoders_that_read_a_clip_at_its_length():
    assert filled_steps([0.3, 9.0], FeatureSpec("", 2, 16, window_length_s=10.0, pooling_size=500)) == [1, 1]


def test_lengths_of_files_and_of_parts_of_them(tmp_path):
    for name, seconds, rate in (("a.wav", 1.0, RATE), ("b.wav", 3.0, 44_100)):
        soundfile.write(tmp_path / name, sine(seconds, rate=rate), rate)
    rows = [("a.wav", "x", "", ""), ("b.wav", "x", "", ""), ("b.wav", "x", 0.5, 1.25), ("b.wav", "x", 2.5, 9)]
    write_csv(tmp_path / "clips.csv", rows, ("path", "label", "start", "end"))
    calls = []
    seconds = clip_seconds(load_data(tmp_path / "clips.csv"), lambda: calls.append(1))
    assert seconds == pytest.approx([1.0, 3.0, 0.75, 0.5], abs=1e-3)
    assert len(calls) == 4


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no sound")
    write_csv(tmp_path / "clips.csv", [("a.wav", "x")])
    with pytest.raises(InputError, match="a.wav"):
        clip_seconds(load_data(tmp_path / "clips.csv"))
