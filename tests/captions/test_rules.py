"""The published figures, and cues that break each of them."""

import numpy as np
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.captions import CaptionRules, Cue, broken_rules


def test_the_figures_of_the_guides():
    rules = CaptionRules()
    assert (rules.line_characters, rules.lines, rules.characters_per_second) == (42, 2, 20)
    assert rules.min_seconds == pytest.approx(0.833, abs=1e-3) and rules.max_seconds == 7
    assert rules.gap_seconds == pytest.approx(0.083, abs=1e-3)


def test_good_cues():
    assert broken_rules([]) == []
    good = [Cue(0, 0.84, "a"), Cue(0.93, 7.93, "b" * 42 + "\n" + "c" * 42), Cue(8.02, 10.02, "今" * 20)]
    assert broken_rules(good) == []


@pytest.mark.parametrize(
    ("cue", "complaint"),
    [
        (Cue(2, 4, "a\nb\nc"), "Cue 2 has 3 lines, more than 2."),
        (Cue(2, 6, "a" * 43), "Cue 2 has a line of 43 characters, more than 42."),
        (Cue(2, 6, "今" * 22), "Cue 2 has a line of 44 characters, more than 42."),
        (Cue(2, 4, "a\n "), "Cue 2 has an empty line."),
        (Cue(2, 4, ""), "Cue 2 has an empty line."),
        (Cue(2, 2.83, "a"), "Cue 2 is shown for 0.830 s, less than 0.833 s."),
        (Cue(2, 9.01, "a"), "Cue 2 is shown for 7.010 s, more than 7.000 s."),
        (Cue(2, 4, "a" * 20 + "\n" + "b" * 21), "Cue 2 has more than 20 characters a second."),
        (Cue(1.08, 3, "a"), "Cue 1 ends 0.080 s before the next, less than 0.083 s."),
        (Cue(0.5, 3, "a"), "Cue 1 ends -0.500 s before the next, less than 0.083 s."),
    ],
)
def test_a_sentence_for_each_broken_rule(cue, complaint):
    assert broken_rules([Cue(0, 1, "a"), cue]) == [complaint]


def test_own_rules():
    cue = Cue(0, 2, "a" * 30)
    assert broken_rules([cue], CaptionRules(line_characters=29, characters_per_second=10)) == [
        "Cue 1 has a line of 30 characters, more than 29.",
        "Cue 1 has more than 10 characters a second.",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lines": 0}, "lines=0 is too small"),
        ({"lines": 1.5}, "lines=1.5 is not a whole number"),
        ({"line_characters": 1}, "line_characters=1"),
        ({"characters_per_second": float("nan")}, "characters_per_second=nan is not a number"),
        ({"gap_seconds": -0.1}, "gap_seconds=-0.1 is too small"),
        ({"min_seconds": "1"}, "min_seconds='1' is not a number"),
        ({"min_seconds": 3, "max_seconds": 2}, "max_seconds=2 is less than min_seconds=3"),
        ({"lines": True}, "lines=True is not a whole number"),
        ({"line_characters": 10**400}, "line_characters is beyond what captions have; use 1e"),
        ({"max_seconds": float("inf")}, "max_seconds is beyond"),
        ({"gap_seconds": 1e308}, "gap_seconds is beyond"),
    ],
)
def test_rules_that_no_cue_can_keep(values, message):
    with pytest.raises(InputError, match=message):
        CaptionRules(**values)


def test_numbers_of_numpy_are_numbers():
    rules = CaptionRules(line_characters=np.int8(100), lines=np.int8(2), max_seconds=np.float32(6.5))
    assert rules == CaptionRules(line_characters=100, lines=2, max_seconds=6.5)
    assert rules.lines * rules.line_characters == 200


def test_what_are_no_rules():
    for wrong in (5, "x", {}):
        with pytest.raises(InputError, match="The rules are a .*; use a CaptionRules"):
            broken_rules([], wrong)
