"""Events of scores that come in pieces: those of all scores at once, as soon as nothing can change them."""

import numpy as np
import pytest

from whisper_at_hf.events import EventOptions, EventTrack

LABELS = ["Dog", "Rain", "Speech"]
THRESHOLDS = np.array([0.3, 0.4, 0.35])


def track(options=None, **kwargs):
    return EventTrack(LABELS, THRESHOLDS, options or EventOptions(), **kwargs)


def random_scores(seed, steps=400):
    """Scores with the ups and downs of real ones: a slow part for each label, and noise."""
    rng = np.random.default_rng(seed)
    slow = np.repeat(rng.random((steps // 8 + 1, len(LABELS))) ** 2, 8, axis=0)[:steps]
    return np.clip(slow + 0.15 * rng.standard_normal(slow.shape), 0, 1).astype(np.float32)


def at_once(options, scores):
    whole = track(options)
    whole.add(scores)
    return whole.settle(is_last=True)


def in_pieces(options, scores, seed):
    piecewise, rng = track(options), np.random.default_rng(seed)
    found, at = [], 0
    while at < len(scores):
        size = int(rng.integers(1, 60))
        piecewise.add(scores[at : at + size])
        at += size
        found += piecewise.settle(is_last=at >= len(scores))
    return found


@pytest.mark.parametrize(
    "options",
    [
        EventOptions(),
        EventOptions(smoothing=0, max_gap=0, min_duration=0),
        EventOptions(smoothing=2.0, max_gap=4.0, min_duration=3.2),
        EventOptions(max_duration=2.0),
    ],
)
@pytest.mark.parametrize("seed", range(8))
def test_pieces_give_the_events_of_the_whole(options, seed):
    scores = random_scores(seed)
    expected = at_once(options, scores)
    assert len(expected) > 10
    assert sorted(in_pieces(options, scores, seed)) == sorted(expected)


def test_an_event_comes_when_a_longer_pause_has_followed():
    heard = track(EventOptions(smoothing=0, max_gap=0.8))
    dog = np.array([[0.9, 0, 0]] * 3 + [[0, 0, 0]] * 3, dtype=np.float32)
    heard.add(dog[:5])
    assert heard.settle(is_last=False) == []
    heard.add(dog[5:])
    assert [run[:3] for run in heard.settle(is_last=False)] == [(0, 0, 3)]
    assert heard.settle(is_last=True) == []


def test_scores_are_kept_only_while_a_sound_goes_on():
    heard = track()
    for _ in range(200):
        heard.add(np.zeros((50, 3), dtype=np.float32))
        heard.settle(is_last=False)
    assert len(heard.scores) < 60
    heard.add(np.full((50, 3), 0.9, dtype=np.float32))
    heard.settle(is_last=False)
    heard.add(np.full((50, 3), 0.9, dtype=np.float32))
    (first, *_) = heard.settle(is_last=True)
    assert first[1:3] == (200 * 50, 200 * 50 + 100)


def test_only_chosen_labels_have_events():
    heard = track(chosen=["Rain"])
    heard.add(np.full((10, 3), 0.9, dtype=np.float32))
    assert [run[0] for run in heard.runs()] == [1]


def test_thresholds_that_ask_for_more_than_any_score_are_lowered():
    heard = EventTrack(["Alarm", "Siren"], np.array([0.9, 0.97]), EventOptions())
    heard.add(np.array([[0.96, 0.96]] * 6, dtype=np.float32))
    assert [run[0] for run in heard.runs()] == [0]  # 1.5 times 0.9 is 0.95 here, and 0.97 stays


def test_scores_between_two_times():
    heard = track()
    heard.add(np.array([[0.1, 0, 0], [0.2, 0, 0], [0.9, 0, 0]], dtype=np.float32))

    def dog(start, end):
        return heard.between(start, end)[:, 0].tolist()

    assert dog(0.0, 0.8) == pytest.approx([0.1, 0.2])
    assert dog(0.5, 0.5) == pytest.approx([0.2])
    assert dog(-3.0, 99.0) == pytest.approx([0.1, 0.2, 0.9])
    assert dog(50.0, 60.0) == []


def test_the_last_whole_window_stands_for_the_end():
    heard = track()
    heard.add(np.array([[0.1, 0, 0], [0.2, 0, 0], [0.9, 0, 0]], dtype=np.float32))
    heard.end_at(4, known=2)
    np.testing.assert_allclose(heard.scores[:, 0], [0.1, 0.2, 0.2, 0.2])
