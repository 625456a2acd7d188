"""The command `whisper-at run`: what it leaves, what it says, and what really happens to long jobs."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from archives import NearDecoder, read_rows, save_tagger, start_run, write_noises
from filelock import FileLock
from typer.testing import CliRunner

from whisper_at_hf.archive.worker import Worker
from whisper_at_hf.cli import app

SLOW = pytest.mark.slow  # for what differs little from its neighbour
FILES = [f"{number % 2}/{number // 2:02d}.wav" for number in range(24)]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    return save_tagger(tmp_path_factory.mktemp("tagger"))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return write_noises(tmp_path_factory.mktemp("recordings"), *FILES)


@pytest.fixture
def arguments(tagger, recordings, tmp_path):
    """A run of six shards."""
    common = ["--model", tagger, "--no-text", "--at-time-res", "0.8", "--device", "cpu", "--shard-size", "4"]
    return [recordings, "--output", tmp_path / "out", *common]


@pytest.fixture
def small_disk(tmp_path):
    """A file system in memory of 32 KiB; skipped where it cannot be made."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32k", "none", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def said(arguments, **environment):
    """Exit code and standard error of a run."""
    run = start_run(*arguments, **environment)
    return run.communicate()[1], run.returncode


def invoke(*arguments):
    """The same in this process, for what ends before any work begins."""
    done = CliRunner().invoke(app, ["run", *map(str, arguments)])
    return done.stderr, done.exit_code


@pytest.fixture
def blocked(arguments, tmp_path):
    """A run that waits at the first file of its fourth shard, until somebody writes to that."""
    pipe = write_noises(tmp_path / "in", *FILES) / "0" / "99.wav"
    os.mkfifo(pipe)
    arguments[0] = tmp_path / "in"
    run = start_run(*arguments)
    assert run.stderr.readline() == "25 files, 25 to do in 7 shards\n"
    started = time.monotonic()
    while len(list(tmp_path.glob("out/rows/*.parquet"))) < 3:
        assert time.monotonic() - started < 300
        time.sleep(0.05)
    yield run, pipe
    run.kill()
    run.communicate()


def ids(output):
    return [row["id"] for row in read_rows(output)]


@pytest.mark.long
def test_a_job_from_its_begin_to_its_end(arguments, recordings, tmp_path):
    """Two shares, two processes, a file more, and readers of all kinds."""
    out = tmp_path / "out"
    first, code = said([*arguments, "--processes", 2, "--share", "1/2"])
    assert code == 0
    assert first.splitlines() == [
        "24 files, 12 to do in 3 shards",
        f"12 rows in '{out}', 0 of them with an error",
        "3 shards are left; run the same command again to go on",
    ]
    write_noises(tmp_path / "more", "a.wav")
    (tmp_path / "more" / "bad.wav").write_bytes(b"no sound")
    second, code = said([tmp_path / "more", *arguments[1:], "--share", "1/1"])
    assert code == 0
    assert second.splitlines() == [
        "26 files, 14 to do in 4 shards",
        f"26 rows in '{out}', 1 of them with an error",
    ]
    third, code = invoke(*arguments)
    assert code == 0 and third.splitlines()[0] == "26 files, 0 to do in 0 shards"
    rows = read_rows(out)
    assert [row["id"] for row in rows] == sorted([*FILES, "a.wav", "bad.wav"])
    assert rows[-1]["error"].endswith(
        "(not an audio or video file, or too little of one): pass a complete media file."
    )
    assert_readable(out, rows)


def assert_readable(out, rows):
    import pandas
    from datasets import load_dataset

    files = str(out / "rows" / "*.parquet")
    dataset = load_dataset("parquet", data_files=files, split="train", cache_dir=str(out.parent / "cache"))
    assert sorted(dataset["id"]) == [row["id"] for row in rows]
    frame = pandas.read_parquet(out / "rows").sort_values("id")
    assert frame["error"].notna().tolist() == [row["error"] is not None for row in rows]
    duckdb = pytest.importorskip("duckdb")
    query = f"select id, tags[1].tags[1].label from '{files}' where error is null order by id"
    assert duckdb.sql(query).fetchall() == [
        (row["id"], row["tags"][0]["tags"][0]["label"]) for row in rows if row["error"] is None
    ]


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=SLOW)])
def test_a_signal_lets_the_shard_be_finished(blocked, arguments, tmp_path, number, code):
    run, pipe = blocked
    run.send_signal(number)
    assert run.stderr.readline() == "Stopping after the shards in work ...\n"
    pipe.open("wb").close()  # the file ends, with no sound
    assert run.stderr.read().splitlines() == [
        f"16 rows in '{tmp_path}/out', 1 of them with an error",
        "3 shards are left; run the same command again to go on",
    ]
    assert run.wait() == code
    assert said(arguments)[1] == 0 and ids(tmp_path / "out") == sorted([*FILES, "0/99.wav"])


@pytest.mark.long
def test_a_second_signal_ends_it_at_once(blocked, tmp_path):
    run, _ = blocked
    family = psutil.Process(run.pid).children(recursive=True)
    run.terminate()
    assert run.stderr.readline() == "Stopping after the shards in work ...\n"
    run.terminate()
    assert run.wait() == 143 and len(ids(tmp_path / "out")) == 12
    assert not psutil.wait_procs(family, timeout=120)[1]


@pytest.mark.long
def test_a_killed_run_leaves_no_process_and_is_gone_on_with(blocked, arguments, tmp_path):
    run, pipe = blocked
    out, whole = tmp_path / "out", tmp_path / "whole"
    family = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    assert not psutil.wait_procs(family, timeout=120)[1]
    (out / "rows" / ".0123.draft").write_bytes(b"half")  # as if killed while it wrote
    pipe.unlink()
    write_noises(pipe.parent, pipe.name)
    assert said(arguments)[1] == 0
    assert ids(out) == sorted([*FILES, "0/99.wav"]) and not list((out / "rows").glob(".*"))
    assert said([arguments[0], "--output", whole, *arguments[3:], "--processes", 2])[1] == 0
    assert read_rows(out) == read_rows(whole)


def test_errors_are_tried_again_when_told(arguments, tmp_path, monkeypatch):
    """Two of eight files, in one of two shards; the work is done in this process."""

    def work_here(job, shards, chosen, processes, on_files, on_stop, on_errors):
        hand = Worker(job)
        for shard in chosen:
            hand.run(shard, shards[shard], on_done=lambda: on_files(1), on_error=lambda: on_errors(1))
        return 0

    monkeypatch.setattr("whisper_at_hf.archive.run_local", work_here)
    monkeypatch.setattr("whisper_at_hf.archive.worker.Decoder", NearDecoder)
    monkeypatch.setattr("whisper_at_hf.cli.support.SECONDS_BETWEEN_LINES", 0.0)
    out, bad = tmp_path / "out", [tmp_path / "in" / "1" / f"{name}.wav" for name in ("02", "03")]
    arguments[0] = write_noises(tmp_path / "in", *FILES[:8])
    for file in bad:
        file.write_text("no sound")
    said, code = invoke(*arguments)
    assert code == 0 and re.search("7 of 8 files, [12] with errors, about .* left\n", said)
    assert said.splitlines()[-1] == f"8 rows in '{out}', 2 of them with an error"
    write_noises(bad[0].parent, bad[0].name)
    assert invoke(*arguments)[0].splitlines()[0] == "8 files, 0 to do in 0 shards"
    said, code = invoke(*arguments, "--retry-errors")
    assert code == 0 and said.splitlines()[0] == "8 files, 2 to do in 1 shards"
    assert "1 of 2 files" in said and said.splitlines()[-1] == f"8 rows in '{out}', 1 of them with an error"
    assert [row["id"] for row in read_rows(out) if row["error"]] == ["1/03.wav"]


@pytest.mark.long
def test_a_full_disk(arguments, small_disk, tmp_path):
    arguments[2] = small_disk / "out"
    error, code = said([*arguments, "--quiet"])
    assert code == 2 and error.startswith(f"error: '{small_disk}/out/rows/part-")
    assert error.endswith(
        "parquet' cannot be written (No space left on device); what is finished is kept: mend that, and run the same "
        "command again.\n"
    )
    assert 0 < len(ids(arguments[2])) < len(FILES) and not list(arguments[2].rglob("*.draft"))
    subprocess.run(["mount", "-o", "remount,size=10m", small_disk], check=True)
    assert said(arguments)[1] == 0 and ids(arguments[2]) == sorted(FILES)


@pytest.mark.long
def test_an_output_that_is_read_only(arguments, small_disk):
    arguments[2] = small_disk
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    error, code = invoke(*arguments)
    assert code == 2
    assert error == f"error: '{small_disk}' cannot be written (Read-only file system); name another --output.\n"


JUMPING_CLOCK = """
import os, random, time

wall = time.time
time.time = lambda: wall() + random.choice((-1, 0, 1)) * 365 * 86400
open(os.path.join(os.path.dirname(__file__), f"{os.getpid()}.jumps"), "w").close()
"""


@pytest.mark.long
def test_a_file_that_never_ends_costs_its_time_alone_also_where_the_clock_jumps(arguments, tmp_path):
    """The wall clock of all processes is a year before or after, at random, whenever it is read."""
    os.mkfifo(write_noises(tmp_path / "in", "a.wav", "c.wav") / "b.wav")
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(JUMPING_CLOCK)
    common = [tmp_path / "in", *arguments[1:], "--time-limit", 2]
    assert said(common, PYTHONPATH=str(tmp_path / "clock"))[1] == 0
    assert len(list(tmp_path.glob("clock/*.jumps"))) >= 3  # the run, its worker, and its decoder
    errors = [row["error"] for row in read_rows(tmp_path / "out")]
    assert errors == [None, "'b.wav' was not decoded within 2 s.", None]


@pytest.mark.long
def test_a_store_over_a_late_network(arguments, tmp_path):
    """fsspec finds it in every process by its entry point, as it finds those of other packages."""
    info = tmp_path / "plugin" / "late-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[fsspec.specs]\nlate = late_store:LateStore\n")
    arguments[2] = f"late://{tmp_path}/out"
    lines, code = said([*arguments, "--shard-size", 12], PYTHONPATH=str(tmp_path / "plugin"))
    assert code == 0 and "24 rows in 'late://" in lines
    assert ids(tmp_path / "out") == sorted(FILES)


def test_two_runs_at_a_time(arguments, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".run-1-of-1.lock"):
        error, code = invoke(*arguments)
    assert code == 2
    assert error == (
        f"error: Another run is writing to '{tmp_path}/out'; wait for it, or give each run its --share of the work.\n"
    )


def test_other_options_need_another_output(arguments, tmp_path, monkeypatch):
    monkeypatch.setattr("whisper_at_hf.archive.run_local", lambda *_, **__: 0)
    assert invoke(*arguments)[1] == 0
    error, code = invoke(*arguments, "--top-k", 2)
    assert code == 2
    assert (
        error == f"error: '{tmp_path}/out' holds a job with another top_k; name another --output, or use the same.\n"
    )


@pytest.mark.parametrize("share", ["0/2", "3/2", "1", "a/b", "1/2/3"])
def test_what_is_no_share(share):
    error, code = invoke("in", "--output", "out", "--share", share)
    assert code == 2
    assert error == f"error: --share '{share}' is no part of the work; write 2/4 for the second of four machines.\n"


def test_bad_options_and_sources_cost_no_hours(arguments, tmp_path):
    assert invoke(*arguments, "--labels", "Nothing")[1] == 2
    error, code = invoke(Path("gone"), *arguments[1:])
    assert code == 2 and error.startswith("error: There is no 'gone'; name a folder")
    assert not (tmp_path / "out").exists()
