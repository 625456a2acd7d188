"""Times as clocks show them, at places that are easy to count in."""

import pytest

from whisper_at_hf.pictures.clock import clock, ticks


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (0.5, "0:00.5"),
        (9.96, "0:10"),
        (65, "1:05"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (36061, "10:01:01"),
    ],
)
def test_clock(seconds, shown):
    assert clock(seconds) == shown


def test_ticks_are_few_and_round():
    assert ticks(10, 12) == list(range(11))
    assert ticks(180, 12) == list(range(0, 181, 15))
    assert ticks(3600, 12) == list(range(0, 3601, 300))
    assert [round(tick, 6) for tick in ticks(0.5, 12)] == [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert len(ticks(30 * 86400, 12)) <= 13
    assert ticks(0.001, 12) == [0]
