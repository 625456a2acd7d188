"""Times by hand, in hundredths of a second: at least 84 and 20 characters a second, 9 between cues, at most 700."""

import pytest

from whisper_at_hf.captions import CaptionRules
from whisper_at_hf.captions.timing import Span, fit_times, reading_time


@pytest.mark.parametrize(
    ("spans", "times"),
    [
        ([], []),
        ([(100, 300, 20)], [(100, 300)]),
        ([(100, 150, 5)], [(100, 184)]),  # shown for the shortest time
        ([(100, 150, 40)], [(100, 300)]),  # long enough to be read
        ([(100, 150, 34), (250, 400, 20)], [(71, 241), (250, 400)]),  # as far as the next, then a little earlier
        ([(100, 150, 80), (250, 400, 20)], [(50, 241), (250, 400)]),  # at most half a second
        ([(0, 100, 5), (100, 200, 5)], [(0, 91), (100, 200)]),
        ([(100, 120, 5), (130, 250, 5), (250, 400, 5)], [(50, 134), (143, 241), (250, 400)]),  # the next gives way
        ([(0, 0, 60)] * 3, [(0, 84), (93, 177), (186, 486)]),
        ([(0, 2000, 60), (2000, 2100, 5)], [(0, 700), (2000, 2100)]),
    ],
)
def test_times(spans, times):
    assert fit_times([Span(*span) for span in spans], CaptionRules()) == times


def test_the_gap_is_no_frame_short():
    assert CaptionRules().hundredths("gap_seconds") == 9
    assert CaptionRules(gap_seconds=0.08).hundredths("gap_seconds") == 8
    assert fit_times([Span(0, 200, 5), Span(200, 300, 5)], CaptionRules(gap_seconds=0)) == [(0, 200), (200, 300)]


def test_reading_time():
    rules = CaptionRules()
    assert [reading_time(characters, rules) for characters in (1, 17, 41, 84, 200)] == [84, 85, 205, 420, 700]
