"""What there is to draw in results, complete and not."""

import json

import numpy as np
import pytest

from whisper_at_hf.errors import InputError
from whisper_at_hf.pictures.contents import Chunk, Event, Heat, read_contents


def window(start, end, **tags) -> dict:
    return {"timestamp": (start, end), "tags": [{"label": label, "score": score} for label, score in tags.items()]}


def test_all_of_a_result(result, sound):
    contents = read_contents(result, sound)
    assert contents.seconds == 10.0
    assert np.array_equal(contents.samples, sound)
    assert contents.chunks == [Chunk(0.5, 2.0, "Good dog."), Chunk(5.0, 10.0, "Sit!")]
    assert contents.events[1] == Event("Dog", 4.0, 5.2, 0.8)
    assert contents.heat.labels == ["Speech", "Dog", "Bird vocalization, bird call, bird song"]
    assert contents.event_labels == contents.heat.labels
    np.testing.assert_allclose(contents.heat.edges, 0.4 * np.arange(26), atol=1e-9)
    assert contents.heat.scores[1].tolist() == result["event_scores"]["scores"][:, 1].tolist()


def test_back_from_json_it_is_the_same(result):
    text = json.dumps(result, default=lambda array: array.tolist())
    first, second = read_contents(result), read_contents(json.loads(text))
    assert (first.chunks, first.events, first.seconds) == (second.chunks, second.events, second.seconds)
    np.testing.assert_array_equal(first.heat.scores, second.heat.scores)


def test_a_chunk_without_an_end_reaches_to_the_next_one():
    chunks = [{"text": "one", "timestamp": (0, None)}, {"text": " ", "timestamp": (1, 2)}]
    chunks += [{"text": "two", "timestamp": (3.0, 4.0)}]
    assert read_contents({"chunks": chunks}).chunks == [Chunk(0, 3, "one"), Chunk(3, 4, "two")]


def test_text_without_times_is_that_of_the_whole_recording():
    tags = [window(0, 10, Dog=0.9), window(10, 12.5)]
    assert read_contents({"text": " All of it.", "audio_tags": tags}).chunks == [Chunk(0, 12.5, "All of it.")]
    assert read_contents({"text": " ", "audio_tags": tags}).chunks == []


def test_windows_that_overlap_give_the_highest_score():
    heat = read_contents({"audio_tags": [window(0, 10, Dog=0.5), window(5, 15, Dog=0.7, Rain=0.2)]}).heat
    assert heat.labels == ["Dog", "Rain"]
    assert heat.edges.tolist() == [0, 5, 10, 15]
    np.testing.assert_allclose(heat.scores, [[0.5, 0.7, 0.7], [0, 0.2, 0.2]], rtol=1e-6)


def test_the_labels_that_score_best_are_kept():
    scores = np.zeros((10, 4))
    scores[:, 0], scores[3, 1], scores[:, 2], scores[:5, 3] = 0.3, 0.9, 0.2, 0.95
    event_scores = {"labels": list("abcd"), "times": np.arange(10) + 0.5, "scores": scores}
    assert read_contents({"event_scores": event_scores}).heat.labels == ["d", "b", "a"]
    assert read_contents({"event_scores": event_scores}, max_labels=2).heat.labels == ["d", "b"]
    event_scores["scores"] = scores[:, :3] * [0.5, 0, 1]
    event_scores["labels"] = list("abc")
    assert read_contents({"event_scores": event_scores, "text": "x"}, np.ones(16000)).heat is None


def test_the_events_that_last_longest_are_kept():
    events = [("a", 0, 1), ("b", 1, 4), ("a", 5, 6), ("c", 6, 6.5)]
    events = [{"label": label, "timestamp": (start, end), "score": 0.5} for label, start, end in events]
    contents = read_contents({"audio_events": events}, max_labels=2)
    assert contents.event_labels == ["b", "a"]
    assert [event.label for event in contents.events] == ["a", "b", "a"]


@pytest.mark.parametrize(("times", "edges"), [([0.15], [0, 0.3]), ([0.2, 0.6, 0.9], [0, 0.4, 0.8, 1.0])])
def test_the_last_step_ends_with_the_recording(times, edges):
    scores = {"labels": ["Dog"], "times": times, "scores": [[0.5]] * len(times)}
    np.testing.assert_allclose(read_contents({"event_scores": scores}).heat.edges, edges)


def test_pooled_columns_keep_their_highest_scores_and_all_of_the_time():
    heat = Heat(["a"], np.arange(6.0), np.array([[0.1, 0.5, 0.2, 0.3, 0.4]])).at_most(3)
    assert heat.edges.tolist() == [0, 2, 4, 5]
    assert heat.scores.tolist() == [[0.5, 0.3, 0.4]]


@pytest.mark.parametrize("empty", [{}, {"text": "Hi."}, {"chunks": [], "audio_events": [], "audio_tags": []}])
def test_nothing_to_draw(empty):
    with pytest.raises(InputError, match="return_timestamps=True"):
        read_contents(empty)
    assert read_contents(empty, np.zeros(8000)).seconds == 0.5


def test_a_chunk_without_a_start_begins_where_the_last_one_ends():
    chunks = [{"text": "one", "timestamp": (0, 2)}, {"text": "two", "timestamp": (None, 3)}]
    assert read_contents({"chunks": chunks}).chunks == [Chunk(0, 2, "one"), Chunk(2, 3, "two")]


def test_other_wrong_arguments(result):
    with pytest.raises(InputError, match="The result is a list"):
        read_contents([result])
    for wrong in (0, 2.5, "3"):
        with pytest.raises(InputError, match="max_labels="):
            read_contents(result, max_labels=wrong)
