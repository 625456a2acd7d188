from dataclasses import replace

import pytest

from whisper_at_hf.errors import InputError
from whisper_at_hf.features import FeatureSpec, estimate_bytes

SPEC = FeatureSpec("ab" * 32, encoder_layers=4, d_model=384)


def test_dimensions_of_the_papers_window():
    assert SPEC.shape == (4, 25, 384)
    assert SPEC.clip_bytes == 4 * 25 * 384 * 2
    assert 1000 * SPEC.clip_bytes < estimate_bytes(SPEC, 1000) < 1.01 * 1000 * SPEC.clip_bytes


def test_every_field_has_a_folder_of_its_own():
    changes = {
        "encoder": "cd" * 32,
        "encoder_layers": 6,
        "d_model": 512,
        "window_length_s": 5.2,
        "padding": "pad",
        "dtype": "bfloat16",
        "pooling_size": 10,
    }
    names = {replace(SPEC, **{name: value}).folder_name for name, value in changes.items()}
    assert len(names | {SPEC.folder_name}) == len(changes) + 1


def test_ten_seconds_are_ten_seconds():
    assert replace(SPEC, window_length_s=10).folder_name == SPEC.folder_name


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window_length_s": 1.1}, "window_length_s=1.1 .* 0.4 s"),
        ({"window_length_s": 0}, "window_length_s=0 "),
        ({"padding": "none"}, "padding='none' is unknown"),
    ],
)
def test_bad_values_are_refused(changes, words):
    with pytest.raises(InputError, match=words):
        replace(SPEC, **changes)
