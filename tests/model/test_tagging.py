"""Windows, scores, thresholds and top-k, against values worked out by hand."""

import numpy as np
import pytest
import torch
from tiny import head_config

from whisper_at_hf import InputError
from whisper_at_hf.model.tagging import (
    check_labels,
    check_top_k,
    count_windows,
    cut_windows,
    logits_to_scores,
    resolve_thresholds,
    select_tags,
    steps_per_hop,
    steps_per_window,
    window_timestamps,
)


@pytest.mark.parametrize("at_time_res", [0, -1, 0.3, 0.1, 10.1, 1e9, float("nan"), float("inf"), True, "2", None])
def test_time_resolutions_off_the_grid_are_refused(at_time_res):
    with pytest.raises(InputError, match="at_time_res=.*multiple of 0.4 s between 0.4 and 3600"):
        steps_per_window(at_time_res)


def test_every_multiple_of_the_step_is_taken_despite_rounding():
    for steps in range(1, 251):
        assert steps_per_window(steps * 0.4) == steps
        assert steps_per_window(sum([0.4] * steps)) == steps
        assert steps_per_window(float(f"{steps * 0.4:.1f}")) == steps
    assert steps_per_window(2) == 5
    assert steps_per_window(3600) == 9000


@pytest.mark.parametrize("number", [np.float64, np.float32, np.int64])
def test_numpy_numbers_are_numbers(number):
    assert steps_per_window(number(2)) == 5
    assert steps_per_window(number(10)) == 25
    if number is not np.int64:
        assert [steps_per_window(number(0.4 * steps)) for steps in range(1, 8)] == list(range(1, 8))


def test_other_grids():
    assert steps_per_window(3.0, step_seconds=1.0) == 3
    with pytest.raises(InputError, match="multiple of 1 s"):
        steps_per_window(0.4, step_seconds=1.0)


@pytest.mark.parametrize(
    "num_frames, window_steps, windows",
    [(0, 25, 1), (1, 25, 1), (1000, 25, 1), (1001, 25, 2), (3000, 25, 3), (40, 1, 1), (41, 1, 2), (9000, 75, 3)],
)
def test_count_of_windows(num_frames, window_steps, windows):
    assert count_windows(num_frames, window_steps) == windows


def test_windows_are_cut_in_order_and_padded_with_zeros():
    states = torch.arange(1.0, 2 * 7 * 3 + 1).reshape(2, 7, 3)
    windows = cut_windows(states, num_windows=3, window_steps=3)
    assert windows.shape == (3, 2, 3, 3)
    for layer in range(2):
        assert torch.equal(windows[0, layer], states[layer, 0:3])
        assert torch.equal(windows[1, layer], states[layer, 3:6])
        assert torch.equal(windows[2, layer, 0], states[layer, 6])
    assert not windows[2, :, 1:].any()
    assert torch.equal(cut_windows(states, 2, 2)[1], states[:, 2:4])


def test_overlapping_windows_start_every_hop():
    states = torch.arange(1.0, 2 * 7 * 3 + 1).reshape(2, 7, 3)
    windows = cut_windows(states, num_windows=4, window_steps=3, hop_steps=2)
    assert windows.shape == (4, 2, 3, 3)
    for index in range(3):
        assert torch.equal(windows[index], states[:, 2 * index : 2 * index + 3])
    assert torch.equal(windows[3, :, 0], states[:, 6]) and not windows[3, :, 1:].any()


def test_windows_within_the_states_are_no_copies():
    states = torch.zeros(2, 7, 3)
    assert cut_windows(states, 3, 3, hop_steps=2).data_ptr() == states.data_ptr()


def test_hops():
    assert steps_per_hop(None, 10.0) == 25
    assert steps_per_hop(10, 10.0) == 25
    assert steps_per_hop(0.4, 10.0) == 1
    assert steps_per_hop(np.float32(1.2), 2) == 3
    with pytest.raises(InputError, match="at_time_res=0.3 "):
        steps_per_hop(0.4, 0.3)
    with pytest.raises(InputError, match="at_hop=2.4 leaves sound between windows of at_time_res=2 s untagged"):
        steps_per_hop(2.4, 2.0)


@pytest.mark.parametrize("at_hop", [0, -0.4, 0.3, float("nan"), True, "2", 1e9])
def test_hops_off_the_grid_are_refused(at_hop):
    with pytest.raises(InputError, match="at_hop=.*multiple of 0.4 s between 0.4 and 3600"):
        steps_per_hop(at_hop, 10.0)


def test_timestamps_of_overlapping_windows():
    assert window_timestamps(4, 2.0, 3.1, at_hop=0.8) == [(0.0, 2.0), (0.8, 2.8), (1.6, 3.1), (2.4, 3.1)]


def test_the_last_timestamp_is_the_end_of_the_file():
    assert window_timestamps(3, 10.0, 25.3) == [(0.0, 10.0), (10.0, 20.0), (20.0, 25.3)]
    assert window_timestamps(1, 10.0, 0.01) == [(0.0, 0.01)]
    assert window_timestamps(2, 10, 20) == [(0.0, 10.0), (10.0, 20.0)]


def test_timestamps_carry_no_rounding_noise():
    times = window_timestamps(250, 0.4, 100.0)
    assert times[7] == (2.8, 3.2)
    assert [start for start, _ in times] == [round(index * 0.4, 1) for index in range(250)]
    assert all(end == start for (_, end), (start, _) in zip(times[:-1], times[1:], strict=True))


def test_scores_are_probabilities():
    logits = torch.tensor([[0.0, np.log(3), -np.log(3)]])
    torch.testing.assert_close(
        logits_to_scores(logits, "multi_label_classification"), torch.tensor([[0.5, 0.75, 0.25]])
    )
    shares = logits_to_scores(logits, "single_label_classification")
    torch.testing.assert_close(shares, torch.tensor([[3 / 13, 9 / 13, 1 / 13]]))
    assert logits_to_scores(logits.bfloat16(), "multi_label_classification").dtype == torch.float32


FITTED = head_config(thresholds={"Rain": 0.6, "Waves, surf": 0.05})


@pytest.mark.parametrize(
    "config, threshold, expected",
    [
        (head_config(), None, [0.25, 0.25, 0.25, 0.25]),
        (FITTED, None, [0.25, 0.6, 0.25, 0.05]),
        (FITTED, 0.4, [0.4, 0.4, 0.4, 0.4]),
        (FITTED, 0, [0, 0, 0, 0]),
        (FITTED, 1, [1, 1, 1, 1]),
        (FITTED, {"Dog": 0.9}, [0.25, 0.6, 0.9, 0.05]),
        (FITTED, {"Rain": 0.1}, [0.25, 0.1, 0.25, 0.05]),
        (FITTED, {}, [0.25, 0.6, 0.25, 0.05]),
        (FITTED, np.float32(0.5), [0.5, 0.5, 0.5, 0.5]),
        (FITTED, {"Dog": np.float32(0.5)}, [0.25, 0.6, 0.5, 0.05]),
    ],
)
def test_thresholds(config, threshold, expected):
    torch.testing.assert_close(resolve_thresholds(config, threshold), torch.tensor(expected, dtype=torch.float32))


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), "0.5", True, {"Rain": 2}, {"Rain": None}, [0.5]])
def test_thresholds_that_are_no_probability_are_refused(threshold):
    with pytest.raises(InputError, match="threshold=.*within 0 and 1"):
        resolve_thresholds(head_config(), threshold)


def test_thresholds_of_unknown_labels_are_refused():
    with pytest.raises(InputError, match="'Snow'"):
        resolve_thresholds(head_config(), {"Snow": 0.5})


def test_labels_are_found_by_name():
    assert check_labels(["Dog", "Speech"], head_config()) == [2, 0]
    assert check_labels("Waves, surf", head_config()) == [3]
    assert check_labels([], head_config()) == []


@pytest.mark.parametrize(
    "label, message",
    [
        ("rain", "'rain'; did you mean 'Rain'"),
        ("Spech", "'Spech'; did you mean 'Speech'"),
        ("waves", "'waves'; did you mean 'Waves, surf'"),
        ("Helicopter", "'Helicopter'; it knows Speech, Rain, Dog, Waves, surf"),
    ],
)
def test_a_misspelt_label_gets_a_suggestion(label, message):
    with pytest.raises(InputError, match=message):
        check_labels(["Rain", label], head_config())


def test_a_long_list_of_labels_is_not_printed_in_full():
    config = head_config([f"sound {index}" for index in range(30)])
    with pytest.raises(InputError) as error:
        check_labels(["zzz"], config)
    assert "sound 19, and more." in str(error.value)
    assert "sound 20" not in str(error.value)


SCORES = torch.tensor([[0.9, 0.3, 0.5, 0.1], [0.2, 0.24, 0.1, 0.249], [0.7, 0.7, 0.8, 0.25]])


def names(rows):
    return [[tag["label"] for tag in row] for row in rows]


def select(top_k=5, labels=None, threshold=None, scores=SCORES):
    config = head_config()
    return select_tags(scores, config, resolve_thresholds(config, threshold), top_k, labels)


def test_tags_are_those_from_their_threshold_on_best_first():
    rows = select()
    assert names(rows) == [["Speech", "Dog", "Rain"], [], ["Dog", "Speech", "Rain", "Waves, surf"]]
    assert [round(tag["score"], 6) for tag in rows[0]] == [0.9, 0.5, 0.3]
    assert all(type(tag["score"]) is float for row in rows for tag in row)


def test_top_k_limits_each_window():
    assert names(select(top_k=1)) == [["Speech"], [], ["Dog"]]
    assert names(select(top_k=2)) == [["Speech", "Dog"], [], ["Dog", "Speech"]]
    assert names(select(top_k=None, threshold=0))[1] == ["Waves, surf", "Rain", "Speech", "Dog"]


def test_labels_are_filtered_before_the_best_are_taken():
    assert names(select(top_k=1, labels=["Rain", "Waves, surf"])) == [["Rain"], [], ["Rain"]]
    assert names(select(top_k=1, labels="Rain")) == [["Rain"], [], ["Rain"]]
    assert names(select(top_k=2, labels=["Rain", "Rain", "Dog"]))[0] == ["Dog", "Rain"]
    assert names(select(labels=[])) == [[], [], []]


def test_a_high_threshold_of_the_best_label_does_not_hide_the_next():
    assert names(select(top_k=1, threshold={"Speech": 0.95}))[0] == ["Dog"]


@pytest.mark.parametrize("top_k", [0, -1, 1.5, True, "3"])
def test_a_bad_top_k_is_refused(top_k):
    with pytest.raises(InputError, match="top_k="):
        select(top_k=top_k)
    with pytest.raises(InputError, match="whole number from 1 on"):
        check_top_k(top_k)


@pytest.mark.parametrize("top_k", [1, 5, None, np.int64(3)])
def test_a_good_top_k_is_taken(top_k):
    check_top_k(top_k)


def test_scores_that_are_no_numbers_are_not_silence():
    config = head_config(["a", "b"])
    with pytest.raises(InputError, match="not numbers"):
        select_tags(torch.tensor([[0.5, float("nan")]]), config, torch.tensor([0.25, 0.25]))
