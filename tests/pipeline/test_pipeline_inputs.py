"""Tuples and `datasets` datasets become what transformers' pipelines iterate over; all else passes untouched."""

import io

import datasets
import numpy as np
import pytest
import soundfile

from whisper_at_hf import InputError
from whisper_at_hf.audio import load_audio
from whisper_at_hf.pipeline.pipeline import as_pipeline_input

RATE = 16000


def wav(value):
    """The bytes of a wav file of 10 ms that holds one value."""
    file = io.BytesIO()
    soundfile.write(file, np.full(160, value, dtype=np.float32), RATE, format="WAV", subtype="FLOAT")
    return file.getvalue()


def dataset(column="audio", audio=True, **columns):
    rows = {column: [{"bytes": wav(value), "path": None} for value in (0.25, 0.5)], **columns}
    made = datasets.Dataset.from_dict(rows)
    return made.cast_column(column, datasets.Audio(sampling_rate=RATE)) if audio else made


def values(inputs):
    """What our decoder reads from each item."""
    return [float(load_audio(item).mean()) for item in inputs]


@pytest.mark.parametrize("inputs", ["a.wav", b"RIFF", ["a.wav"], {"raw": [0.0], "sampling_rate": RATE}, [], None])
def test_other_inputs_pass_untouched(inputs):
    assert as_pipeline_input(inputs) is inputs


def test_arrays_and_generators_pass_untouched():
    array, generator = np.zeros(3), (item for item in "ab")
    assert as_pipeline_input(array) is array
    assert as_pipeline_input(generator) is generator


def test_a_tuple_is_a_list_of_inputs():
    assert as_pipeline_input(("a.wav", "b.wav")) == ["a.wav", "b.wav"]


def test_a_dataset_gives_its_audio_column():
    assert values(as_pipeline_input(dataset(label=["x", "y"]))) == [0.25, 0.5]


def test_the_audio_column_may_have_any_name():
    assert values(as_pipeline_input(dataset("clip", label=["x", "y"]))) == [0.25, 0.5]


def test_a_column_named_audio_need_not_be_cast():
    assert values(as_pipeline_input(dataset(audio=False))) == [0.25, 0.5]
    paths = datasets.Dataset.from_dict({"audio": ["a.wav", "b.wav"]})
    assert list(as_pipeline_input(paths)) == ["a.wav", "b.wav"]


def test_a_dataset_that_is_streamed():
    streamed = dataset("clip").cast_column("clip", datasets.Audio(decode=False)).to_iterable_dataset()
    assert values(as_pipeline_input(streamed)) == [0.25, 0.5]
    decoding = streamed.cast_column("clip", datasets.Audio(sampling_rate=RATE))
    assert values(as_pipeline_input(decoding)) == [0.25, 0.5]


def test_the_users_dataset_is_not_changed():
    made = dataset()
    list(as_pipeline_input(made))
    assert made.features["audio"].decode is True


def test_a_dataset_without_audio_is_refused_by_its_columns():
    made = datasets.Dataset.from_dict({"text": ["a"], "label": [1]})
    with pytest.raises(InputError, match="no audio column, only text, label; cast one"):
        as_pipeline_input(made)


def test_a_stream_of_unknown_columns_is_refused():
    made = datasets.IterableDataset.from_generator(lambda: iter([{"clip": "a.wav"}]))
    with pytest.raises(InputError, match="columns of unknown type"):
        as_pipeline_input(made)
