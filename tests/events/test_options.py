"""What counts as an event: the words for it, and those that are refused."""

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


def test_one_label_is_a_list_of_one():
    assert EventOptions(labels="Dog").labels == ("Dog",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("speech", "'speech' is no preset; use 'music'"),
        (3, "=3 is neither a preset's name nor a dict"),
        ({"gap": 1}, "no option 'gap'; use max_gap"),
        ({"window": 0.5}, "cannot be cut from the time grid"),
        ({"hop": 2.0}, "leaves sound between windows"),
        ({"on": 0}, "on=0 is not a number"),
        ({"off": 2.0}, "off=2 is above on=1.5"),
        ({"max_gap": float("nan")}, "max_gap=nan is not a number"),
        ({"min_duration": "1"}, "min_duration='1' is not a number"),
        ({"max_duration": 0.4}, "max_duration=0.4 is not a number from 0.8 on"),
    ],
)
def test_bad_options_are_one_sentence(given, message):
    with pytest.raises(InputError, match=message):
        event_options(given)
