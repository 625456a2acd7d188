"""Runs in score tracks that one can read."""

import numpy as np
import pytest

from whisper_at_hf.events import find_runs, smoothed
from whisper_at_hf.events.decoding import cut_run


def runs(track, on=0.5, off=0.3, **options):
    return find_runs(np.array(track)[:, None], np.array([on]), np.array([off]), **options)


def spans(*args, **options):
    return [(first, end) for _, first, end, _ in runs(*args, **options)]


def test_a_run_starts_and_ends_at_the_low_threshold():
    assert runs([0, 0.2, 0.3, 0.6, 0.4, 0.2, 0]) == [(0, 2, 5, 0.6)]


def test_what_never_reaches_the_high_threshold_is_nothing():
    assert runs([0.4, 0.45, 0.49]) == []


def test_runs_touch_the_ends_of_the_file():
    assert spans([0.9, 0.1, 0.9]) == [(0, 1), (2, 3)]


@pytest.mark.parametrize(("max_gap", "expected"), [(0, [(0, 1), (3, 4)]), (1, [(0, 1), (3, 4)]), (2, [(0, 4)])])
def test_pauses_are_closed(max_gap, expected):
    assert spans([0.9, 0, 0, 0.9], max_gap_steps=max_gap) == expected


def test_a_pause_is_not_closed_by_what_does_not_count():
    assert spans([0.9, 0, 0.4, 0, 0.9], max_gap_steps=2) == [(0, 1), (4, 5)]


def test_short_runs_are_dropped_after_pauses_are_closed():
    assert spans([0.9, 0, 0.9, 0, 0, 0, 0.9], max_gap_steps=1, min_steps=2) == [(0, 3)]


def test_long_runs_are_cut():
    assert cut_run((0, 3, 8, 0.9), 2) == [(0, 3, 5, 0.9), (0, 5, 7, 0.9), (0, 7, 8, 0.9)]
    assert cut_run((0, 3, 8, 0.9), None) == cut_run((0, 3, 8, 0.9), 5) == [(0, 3, 8, 0.9)]


def test_context_smooths_but_holds_no_run():
    assert spans([0.9, 0.9, 0, 0, 0.9, 0.9], smoothing_steps=3, context_steps=1) == [(1, 2), (4, 6)]


def test_the_median_takes_single_peaks_away_and_fills_single_holes():
    np.testing.assert_array_equal(
        smoothed(np.array([[0.0], [1], [0], [1], [1], [0], [1]]), 3)[:, 0], [0, 0, 1, 1, 1, 1, 1]
    )
    assert spans([0, 0.9, 0, 0], smoothing_steps=3) == []


def test_labels_have_their_own_thresholds_and_come_by_start():
    scores = np.array([[0.0, 0.4], [0.6, 0.4], [0.6, 0.0]])
    assert find_runs(scores, np.array([0.5, 0.3]), np.array([0.5, 0.3])) == [(1, 0, 2, 0.4), (0, 1, 3, 0.6)]


def test_nothing_comes_of_nothing():
    assert find_runs(np.zeros((0, 2)), np.ones(2), np.ones(2), smoothing_steps=3) == []
