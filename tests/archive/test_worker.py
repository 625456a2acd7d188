"""Rows of a shard: those of a plain pipeline, and where a file fails, that file's reason."""

import os
import signal

import numpy as np
import pytest
import soundfile
from archives import NearDecoder, read_rows, write_noises
from subprocesses import fork, run_python

from whisper_at_hf import InputError
from whisper_at_hf.archive import Job, list_items, worker
from whisper_at_hf.archive.job import hashes, prepare
from whisper_at_hf.pipeline.loading import load_pipeline


@pytest.fixture
def make_worker(tagger, tmp_path, monkeypatch):
    """A worker on files of these names, and the shards; `batch_size` windows at a time."""
    monkeypatch.setattr(worker, "Decoder", NearDecoder)

    def make(*names, output="out", **options):
        write_noises(tmp_path / "in", *names)
        parameters = {"return_text": False, "return_events": True, "at_time_res": 0.8}
        model_hash, head_hash = hashes(load_pipeline(str(tagger), "cpu").model)
        options = {"batch_size": 4, "shard_size": 100, "device": "cpu", **options}
        job = Job(str(tmp_path / output), str(tagger), model_hash, head_hash, parameters, **options)
        (items,) = prepare(job, list_items(tmp_path / "in") if names else [])
        return worker.Worker(job), items

    return make


@pytest.fixture
def names():
    return [f"{number % 2}/{number // 2}.wav" for number in range(12)]


def fails_on(pipe, length, error):
    """The pipeline, with an error where it comes to a sound of that many samples."""

    def failing(sounds, **parameters):
        def watched():
            for sound in [sounds] if isinstance(sounds, dict) else sounds:
                if len(sound["raw"]) == length:
                    raise error
                yield sound

        results = pipe(watched(), **parameters)
        return next(iter(results)) if isinstance(sounds, dict) else results

    return failing


def assert_same_results(rows, others):
    for row, other in zip(rows, others, strict=True):
        assert {**row, "tags": 0, "events": 0} == {**other, "tags": 0, "events": 0}
        for window, same in zip(row["tags"], other["tags"], strict=True):
            scores, same_scores = ({tag["label"]: tag["score"] for tag in one["tags"]} for one in (window, same))
            assert scores == pytest.approx(same_scores, abs=1e-4)


def test_rows_are_what_the_pipeline_says_of_each_file(make_worker, names, tmp_path, tagger):
    hand, items = make_worker(*names)
    done = []
    hand.run(0, items, on_done=lambda: done.append(0))
    rows = read_rows(tmp_path / "out")
    assert [row["id"] for row in rows] == sorted(names) and len(done) == 12
    pipe = load_pipeline(str(tagger), "cpu")
    for row in rows:
        result = pipe(row["path"], **hand.job.parameters)
        assert row["path"] == str(tmp_path / "in" / row["id"])
        assert row["error"] is None and row["warning"] is None and row["text"] is None
        assert [(tag["start"], tag["end"]) for tag in row["tags"]] == [w["timestamp"] for w in result["audio_tags"]]
        scores = [tag["score"] for tag in row["tags"][0]["tags"]]
        np.testing.assert_allclose(scores, [tag["score"] for tag in result["audio_tags"][0]["tags"]], atol=1e-4)
        assert len(row["events"]) == len(result["audio_events"])
    assert {row["model_hash"] for row in rows} == {hand.job.model_hash} != {rows[0]["head_hash"]}
    durations = {row["id"]: row["duration"] for row in rows}
    assert durations["0/0.wav"] == pytest.approx(0.3) and durations["1/1.wav"] == pytest.approx(0.6)


def test_one_by_one_says_the_same(make_worker, names, tmp_path):
    together, items = make_worker(*names)
    together.run(0, items)
    alone, _ = make_worker(*names, output="alone")
    begun = []
    alone.run(0, items, one_by_one=True, on_start=begun.append)
    assert sorted(begun) == sorted(names)
    assert_same_results(read_rows(tmp_path / "alone"), read_rows(tmp_path / "out"))


def test_files_of_one_length_go_together(make_worker, names, monkeypatch):
    hand, items = make_worker(*names)
    lengths, pipe = [], hand.pipe

    def watch(sounds, **parameters):
        return pipe((lengths.append(len(sound["raw"])) or sound for sound in sounds), **parameters)

    hand.pipe = watch
    hand.run(0, items)
    assert lengths == sorted(lengths) and len(set(lengths)) == 7


def test_bad_files_have_rows_that_say_why(make_worker, tmp_path):
    hand, items = make_worker("a.wav", "b.wav", "c.wav", "d.wav")
    (tmp_path / "in" / "b.wav").write_bytes(b"no sound")
    (tmp_path / "in" / "c.wav").unlink()
    hand.run(0, items, {"d.wav": "'d.wav' is deadly."})
    rows = {row["id"]: row for row in read_rows(tmp_path / "out")}
    assert rows["a.wav"]["error"] is None and rows["d.wav"]["error"] == "'d.wav' is deadly."
    assert "b.wav' " in rows["b.wav"]["error"] and rows["b.wav"]["tags"] is None
    assert rows["b.wav"]["model_hash"] and "does not exist" in rows["c.wav"]["error"]


def assert_nothing_is_lost_by_a_kill(hand, items, folder):
    """A process is killed while it tries b.wav again."""
    pipe, before = folder / "in" / "b.wav", read_rows(folder / "out")
    os.mkfifo(pipe)
    child = fork(lambda: hand.run(0, items))
    with pipe.open("wb"):  # waits until it is being read
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    pipe.unlink()
    assert read_rows(folder / "out") == before


def test_errors_are_tried_again_and_other_rows_kept(make_worker, tmp_path):
    """The files of good rows are gone by then."""
    hand, items = make_worker("a.wav", "b.wav", "c.wav", "d.wav")
    whole, _ = make_worker("a.wav", "b.wav", "c.wav", "d.wav", output="whole")
    whole.run(0, items)
    for name in ("b.wav", "c.wav"):
        (tmp_path / "in" / name).rename(tmp_path / name)
    done, errors = [], []
    hand.run(0, items, on_done=lambda: done.append(0), on_error=lambda: errors.append(len(done)))
    assert len(done) == 4 and len(errors) == 2
    for name in ("a.wav", "d.wav"):
        (tmp_path / "in" / name).unlink()
    again, _ = make_worker(output="out", retry_errors=True)
    assert_nothing_is_lost_by_a_kill(again, items, tmp_path)
    (tmp_path / "b.wav").rename(tmp_path / "in" / "b.wav")
    again.run(0, items, on_done=lambda: done.append(0), on_error=lambda: errors.append(0))
    assert len(done) == 6 and len(errors) == 3
    rows, others = read_rows(tmp_path / "out"), read_rows(tmp_path / "whole")
    assert [row["error"] is None for row in rows] == [True, True, False, True]
    assert_same_results([row for row in rows if not row["error"]], [others[0], others[1], others[3]])


@pytest.mark.parametrize(
    ("error", "said", "batch_size"),
    [
        (MemoryError(), "'0/3.wav' takes more memory than there is, even alone; cut it.", 2),
        (RuntimeError("odd"), "'0/3.wav' cannot be worked on (RuntimeError: odd).", 4),
    ],
)
def test_a_file_that_breaks_the_model_fails_alone(make_worker, names, tmp_path, error, said, batch_size):
    undisturbed, items = make_worker(*names)
    undisturbed.run(0, items)
    hand, _ = make_worker(*names, output="disturbed")
    hand.pipe = fails_on(hand.pipe, 14400, error)  # 0/3.wav is the only one of 0.9 s
    done = []
    hand.run(0, items, on_done=lambda: done.append(0))
    rows, others = read_rows(tmp_path / "disturbed"), read_rows(tmp_path / "out")
    assert [row["error"] for row in rows if row["error"]] == [said] and len(done) == 12
    assert_same_results([row for row in rows if not row["error"]], [row for row in others if row["id"] != "0/3.wav"])
    assert hand.batch_size == batch_size


LITTLE_MEMORY = """
import resource, sys
import psutil
from whisper_at_hf.archive import Job, list_items
from whisper_at_hf.archive.job import prepare
from whisper_at_hf.archive.worker import Worker

if __name__ == "__main__":
    tagger, source, output = sys.argv[1:]
    job = Job(output, tagger, "m", "h", {"return_text": False, "at_time_res": 0.8}, device="cpu")
    (items,) = prepare(job, list_items(source))
    worker = Worker(job)
    room = psutil.Process().memory_info().vms + 350 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (room, room))  # of the decoder, too
    worker.run(0, items)
    worker.close()
"""


@pytest.mark.long
def test_a_file_that_the_memory_does_not_hold(tagger, tmp_path):
    """The system refuses the memory: an hour of sound is 220 MiB, and needs twice that when it is put together."""
    write_noises(tmp_path / "in", "a.wav", "c.wav")
    with soundfile.SoundFile(tmp_path / "in" / "b.flac", "w", 16000, 1) as file:
        for _ in range(60):
            file.write(np.zeros(60 * 16000))
    (tmp_path / "little_memory.py").write_text(LITTLE_MEMORY)
    done = run_python(tmp_path / "little_memory.py", tagger, tmp_path / "in", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    errors = [row["error"] for row in read_rows(tmp_path / "out")]
    assert errors == [None, "'b.flac' takes more memory than there is, even alone; cut it.", None]


def test_rows_that_cannot_be_written_end_the_work(make_worker, tmp_path):
    hand, items = make_worker("a.wav")
    (tmp_path / "out" / "rows").write_text("")
    with pytest.raises(InputError, match=r"rows' cannot be made \(File exists\)"):
        hand.run(0, items)
