"""What counts as an event: the words for it, and those that are refused."""

from fractions import Fraction

import numpy as np
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.events import PRESETS, EventOptions, event_options
from whisper_at_hf.labels.ontology import labels_below


def test_presets_are_starting_points():
    assert event_options("music") == PRESETS["music"]
    assert event_options({"preset": "music", "max_gap": 1.0}).max_gap == 1.0
    assert event_options({"preset": "music", "max_gap": 1.0}).labels == ("Music",)


def test_presets_name_what_there_is():
    for options in PRESETS.values():
        for label in options.labels:
            assert len(labels_below(label)) > 0
    assert "Siren" in labels_below("Alarm")


def test_nothing_means_the_defaults():
    assert event_options() == event_options({}) == EventOptions()


def test_numbers_of_any_kind_become_floats():
    options = event_options({"hop": np.float32(0.4), "max_gap": Fraction(1, 2), "min_duration": np.int64(1)})
    assert (options.hop, options.max_gap, options.min_duration) == pytest.approx((0.4, 0.5, 1.0))
    assert {type(options.hop), type(options.max_gap), type(options.min_duration)} == {float}


def test_one_label_is_a_list_of_one():
    assert EventOptions(labels="Dog").labels == ("Dog",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("speech", "'speech' is no preset; use 'music'"),
        (3, "=3 is neither a preset's name nor a dict"),
        ({"gap": 1}, "no option 'gap'; use max_gap"),
        ({"window": 0.5}, "window=0.5 and hop=0.4 do not fit"),
        ({"hop": 2.0}, "window=1.2 and hop=2 do not fit"),
        ({"hop": None}, "hop=None is no number"),
        ({"on": 0}, "on=0 is no number"),
        ({"off": 2.0}, "on=1.5 and off=2 do not go together"),
        ({"max_gap": float("nan")}, "max_gap=nan is no number"),
        ({"smoothing": 1e9}, "smoothing=1000000000.0 is no number from 0 to 86400"),
        ({"smoothing": 10**400}, "smoothing=1000"),
        ({"min_duration": "1"}, "min_duration=1 is no number"),
        ({"max_duration": 0.4}, "max_duration=0.4 is no number from 0.8"),
        ({"labels": 5}, "labels=5 does not give names"),
        ({"labels": [["Dog"]]}, "does not give names"),
        ({"preset": {"preset": "music"}}, "preset={'preset': 'music'}; use 'music'"),
    ],
)
def test_bad_options_are_one_sentence(given, message):
    with pytest.raises(InputError, match=message):
        event_options(given)
