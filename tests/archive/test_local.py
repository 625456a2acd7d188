"""Workers of a run: what happens when one dies, with a file as the reason or without."""

import multiprocessing
import signal
import threading
from collections import deque
from types import SimpleNamespace

import psutil
import pytest
from archives import DeadlyItem, read_rows, write_noises

from whisper_at_hf import InputError
from whisper_at_hf.archive import Job, list_items, local, run_local
from whisper_at_hf.archive.job import prepare


@pytest.fixture
def job(tagger, tmp_path):
    parameters = {"return_text": False, "at_time_res": 0.8}
    return Job(str(tmp_path / "out"), str(tagger), "m", "h", parameters, shard_size=4, device="cpu")


@pytest.fixture
def shards(job, tmp_path):
    return prepare(job, list_items(write_noises(tmp_path / "in", *(f"{number}.wav" for number in range(8)))))


def workers():
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
def test_a_file_that_kills_its_worker_is_given_up(job, shards, tmp_path):
    shards[0][2] = DeadlyItem(**vars(shards[0][2]))
    done = []
    assert run_local(job, shards, [0, 1], on_files=done.append) == 0
    errors = {row["id"]: row["error"] for row in read_rows(tmp_path / "out")}
    assert len(errors) == 8 == sum(done)
    assert {name: error for name, error in errors.items() if error} == {
        "2.wav": "'2.wav' ended the process 3 times (exit code -9)."
    }
    assert not workers()


@pytest.mark.long
def test_a_worker_that_is_killed_costs_nothing(job, shards, tmp_path):
    """Both are killed as soon as the first file is done."""
    done = []

    def kill_all(count):
        done.append(count)
        if len(done) == 1:
            for worker in workers():
                worker.kill()

    assert run_local(job, shards, [0, 1], processes=2, on_files=kill_all) == 0
    rows = read_rows(tmp_path / "out")
    assert [row["id"] for row in rows] == [f"{number}.wav" for number in range(8)]
    assert not any(row["error"] for row in rows) and sum(done) == 8


@pytest.mark.long
def test_workers_that_cannot_begin_end_the_run(job, shards):
    killer = threading.Event()

    def kill():
        while not killer.wait(0.1):
            for worker in workers():
                worker.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        with pytest.raises(InputError, match=r"died 3 times \(exit code -9\), and no file is the reason"):
            run_local(job, shards, [0])
    finally:
        killer.set()
        thread.join()


@pytest.mark.long
def test_a_model_that_is_not_there_is_a_sentence(job, shards, tmp_path):
    gone = Job(**{**vars(job), "model": str(tmp_path / "gone")})
    with pytest.raises(InputError, match="gone' is neither a folder with a Whisper-AT model nor a hub id"):
        run_local(gone, shards, [0])
    assert not workers()


def crew(waiting=(), **counts):
    """A crew that hires nobody."""
    found = local._Crew(SimpleNamespace(), deque(waiting), counts.setdefault("files", []).append)
    found._hire = lambda: counts.setdefault("hired", []).append(1)
    return found, counts


def hand(task, **state):
    process = SimpleNamespace(join=lambda *_: None, kill=lambda: None, is_alive=lambda: False, exitcode=-9)
    return local._Hand(process, SimpleNamespace(close=lambda: None), task, **state)


def test_a_dead_workers_shard_is_done_anew_file_by_file():
    ours, counts = crew()
    task = local._Task(3, [])
    ours.hands = [hand(task, is_ready=True, files=5)]
    ours._bury(ours.hands[0])
    assert list(ours.waiting) == [task] and task.one_by_one and not ours.hands
    assert counts == {"files": [-5], "hired": [1]}


def test_a_shard_that_kills_without_a_file_ends_the_run():
    """Else workers would die on it for ever, say where its rows are put together."""
    ours, _ = crew()
    task = local._Task(3, [])
    for _ in range(local.MOST_DEATHS - 1):
        ours.hands = [hand(task, is_ready=True)]
        ours._bury(ours.hands[0])
    ours.hands = [hand(task, is_ready=True)]
    with pytest.raises(InputError, match="no file is the reason"):
        ours._bury(ours.hands[0])


def test_nobody_is_hired_while_stopping():
    ours, counts = crew()
    ours.stopped_by = signal.SIGTERM
    ours.hands = [hand(local._Task(0, []), is_ready=True)]
    ours._bury(ours.hands[0])
    assert "hired" not in counts


def test_the_run_starts_nothing_when_nothing_is_left(job):
    assert run_local(job, [], []) == 0 and not multiprocessing.active_children()
