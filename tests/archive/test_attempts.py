"""Shards that were begun: what is known of them after their workers died."""

import pickle

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.archive.attempts import Attempts, forget_all
from whisper_at_hf.archive.store import Store


@pytest.fixture
def attempts(tmp_path):
    return Attempts(str(tmp_path), "run")


def die_at(attempts, *files):
    """A worker that begins a shard, reaches these files, and ends there."""
    attempt = attempts.begin(3)
    for file in files:
        attempt.reach(file)


def test_the_first_attempt_is_a_plain_one(attempts):
    attempt = attempts.begin(3)
    assert not attempt.one_by_one and attempt.deadly == {} and attempts.in_work
    attempt.end()
    assert not attempts.in_work and not attempts.begin(3).one_by_one


def test_a_file_at_which_three_have_died_is_given_up(attempts):
    for _ in range(2):
        die_at(attempts, "a.wav", "", "b.wav")
        assert pickle.loads(pickle.dumps(attempts)).begin(4).deadly == {}
    die_at(attempts, "b.wav")
    attempt = attempts.begin(3)
    assert attempt.deadly == {"b.wav": "'b.wav' ended the process 3 times."} and attempt.one_by_one


def test_deaths_at_no_file_end_the_run(attempts):
    for _ in range(3):
        die_at(attempts)
    with pytest.raises(InputError, match="Worker processes died 3 times, and no file is the reason"):
        attempts.begin(3)


def test_what_ended_another_run_does_not_count(attempts, tmp_path):
    die_at(attempts, "a.wav")
    assert not Attempts(str(tmp_path), "other").begin(3).one_by_one


def test_nothing_is_begun_after_a_stop(attempts):
    die_at(attempts)
    attempts.stop()
    assert attempts.begin(3) is None and attempts.begin(4) is None and attempts.in_work


def test_nothing_is_left(attempts, tmp_path):
    (tmp_path / "rows").mkdir()
    die_at(attempts)
    Attempts(str(tmp_path), "other").stop()
    attempts.forget()
    attempts.forget()
    assert {path.name for path in tmp_path.iterdir()} == {"rows", "attempts-other"}
    forget_all(Store(str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]
