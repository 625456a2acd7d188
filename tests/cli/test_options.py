"""What people type for labels and thresholds."""

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.cli.options import parse_labels, parse_threshold

KNOWN = {"Rain", "Dog", "Waves, surf", "Baby cry, infant cry", "Domestic animals, pets", "Crowing, cock-a-doodle-doo"}


@pytest.mark.parametrize(
    "values, labels",
    [
        (None, None),
        ([], None),
        (["Rain"], ["Rain"]),
        (["Waves, surf"], ["Waves, surf"]),
        (["Waves,surf"], ["Waves, surf"]),
        (["Rain;Dog"], ["Rain", "Dog"]),
        (["Rain ; Dog"], ["Rain", "Dog"]),
        (["Rain,Dog"], ["Rain", "Dog"]),
        (["Rain, Dog"], ["Rain", "Dog"]),
        (["Rain", "Dog"], ["Rain", "Dog"]),
        (["Waves, surf;Dog"], ["Waves, surf", "Dog"]),
        (["Rain, Waves, surf, Dog"], ["Rain", "Waves, surf", "Dog"]),
        (["Baby cry, infant cry, Waves, surf"], ["Baby cry, infant cry", "Waves, surf"]),
        (["Dog", "Rain, Waves, surf;Baby cry, infant cry"], ["Dog", "Rain", "Waves, surf", "Baby cry, infant cry"]),
        (["Snow"], ["Snow"]),
        (["Rain, Snow"], ["Rain", "Snow"]),
        (["Rain;;Dog;"], ["Rain", "Dog"]),
        (["Rain,,Dog,"], ["Rain", "Dog"]),
    ],
)
def test_labels(values, labels):
    assert parse_labels(values, KNOWN) == labels


def test_a_longer_known_name_wins():
    assert parse_labels(["a, b, c"], {"a", "b", "c", "a, b", "a, b, c"}) == ["a, b, c"]
    assert parse_labels(["a, b, c"], {"a", "a, b", "c"}) == ["a, b", "c"]


@pytest.mark.parametrize(
    "values, threshold",
    [
        (None, None),
        ([], None),
        (["0.4"], 0.4),
        (["1"], 1.0),
        (["Rain=0.6"], {"Rain": 0.6}),
        (["Rain = 0.6"], {"Rain": 0.6}),
        (["Rain=0.6", "Waves, surf=0.1"], {"Rain": 0.6, "Waves, surf": 0.1}),
        (["a=b=0.5"], {"a=b": 0.5}),
        (["Rain=0.6", "Rain=0.7"], {"Rain": 0.7}),
    ],
)
def test_thresholds(values, threshold):
    assert parse_threshold(values) == threshold


@pytest.mark.parametrize(
    "values", [["x"], ["Rain=x"], ["Rain="], ["=0.4"], ["0.4", "Rain=0.5"], ["0.4", "0.5"], ["Rain"], [""]]
)
def test_bad_thresholds_are_refused_by_name(values):
    with pytest.raises(InputError, match="--threshold '") as error:
        parse_threshold(values)
    assert any(repr(value) in str(error.value) for value in values)
