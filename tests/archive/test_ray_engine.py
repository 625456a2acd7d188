"""Jobs on Ray: the rows of local ones, whatever dies."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import archives
import pytest
from archives import ActorsDeadlyItem, read_rows, write_noises

from whisper_at_hf import InputError
from whisper_at_hf.archive import Job, list_items, run_local, run_ray
from whisper_at_hf.archive.attempts import Attempts
from whisper_at_hf.archive.job import prepare
from whisper_at_hf.archive.ray_engine import _connected, _Run

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def started():
    """A Ray with room for two actors, which the runs find started."""
    pytest.importorskip("ray")
    paths = os.pathsep.join([str(Path(archives.__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", paths)  # actors import helpers, too
        with _connected(None, _Run(Job("", ""), 2, lambda: None)):
            yield


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return list_items(write_noises(tmp_path_factory.mktemp("in"), *(f"{number}.wav" for number in range(8))))


@pytest.fixture
def job(tagger, tmp_path):
    parameters = {"return_text": False, "at_time_res": 0.8}
    return Job(str(tmp_path / "out"), str(tagger), "m", "h", parameters, shard_size=4, device="cpu")


@pytest.fixture
def shards(job, recordings):
    return prepare(job, recordings)


def in_folder(path):
    return sorted(found.name for found in path.iterdir())


def test_rows_are_those_of_a_local_run_which_it_goes_on_with(job, shards, tmp_path):
    whole, done = replace(job, output=str(tmp_path / "whole")), []
    run_local(whole, shards, [0, 1])
    (tmp_path / "out" / "rows").mkdir()
    shutil.copy(tmp_path / "whole" / "rows" / "part-000000.parquet", tmp_path / "out" / "rows")
    assert run_ray(job, shards, [1], on_files=done.append) == 0 and done == [4]
    assert read_rows(tmp_path / "out") == read_rows(tmp_path / "whole")
    assert in_folder(tmp_path / "out") == ["items.parquet", "job.json", "rows"]


@pytest.mark.slow
def test_a_file_that_kills_its_actor_is_given_up(job, shards, tmp_path, monkeypatch):
    """Ray begins another one, which does the other files. Two have died before."""
    run = SimpleNamespace(uuid4=lambda: SimpleNamespace(hex="run"))
    monkeypatch.setattr("whisper_at_hf.archive.ray_engine.uuid", run)
    for _ in range(2):
        Attempts(job.output, "run").begin(0).reach("2.wav")
    shards[0][2] = ActorsDeadlyItem(**vars(shards[0][2]))
    assert run_ray(job, shards, [0]) == 0
    errors = {row["id"]: row["error"] for row in read_rows(tmp_path / "out")}
    assert errors == {"0.wav": None, "1.wav": None, "2.wav": "'2.wav' ended the process 3 times.", "3.wav": None}
    assert in_folder(tmp_path / "out") == ["items.parquet", "job.json", "rows"]


def test_what_workers_refuse_is_a_sentence(job, shards, tmp_path):
    gone = replace(job, model=str(tmp_path / "gone"))
    with pytest.raises(InputError, match="gone' is neither a folder with a Whisper-AT model nor a hub id"):
        run_ray(gone, shards, [0])
    assert in_folder(tmp_path / "out") == ["items.parquet", "job.json"]


def test_the_run_starts_nothing_when_nothing_is_left(job):
    assert run_ray(job, [], [], address="nowhere") == 0
