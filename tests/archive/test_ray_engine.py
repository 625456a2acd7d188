"""Jobs on Ray: the rows of local ones, whatever dies."""

from dataclasses import replace

import pytest
from archives import ActorsDeadlyItem, read_rows, write_noises

from whisper_at_hf import InputError
from whisper_at_hf.archive import Job, list_items, run_local, run_ray
from whisper_at_hf.archive.job import prepare
from whisper_at_hf.archive.ray_engine import _connected, _Run

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def started():
    """A Ray with room for two actors, which the runs find started."""
    pytest.importorskip("ray")
    run = _Run(Job("", ""), 2, lambda: None)
    with _connected(None, run):
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


def test_rows_are_those_of_a_local_run_and_it_is_gone_on_with(job, shards, recordings, tmp_path):
    done = []
    run_local(job, shards, [0])
    assert run_ray(job, shards, [1], on_files=done.append) == 0 and done == [4]
    whole = replace(job, output=str(tmp_path / "whole"))
    run_local(whole, prepare(whole, recordings), [0, 1])
    assert read_rows(tmp_path / "out") == read_rows(tmp_path / "whole")
    assert in_folder(tmp_path / "out") == in_folder(tmp_path / "whole")


def test_a_file_that_kills_its_actor_is_given_up(job, shards, tmp_path):
    """Ray begins others, which do the other files."""
    shards[0][2] = ActorsDeadlyItem(**vars(shards[0][2]))
    done = []
    assert run_ray(job, shards, [0, 1], processes=2, on_files=done.append) == 0
    errors = {row["id"]: row["error"] for row in read_rows(tmp_path / "out")}
    assert len(errors) == 8 == sum(done)
    assert {name: error for name, error in errors.items() if error} == {"2.wav": "'2.wav' ended the process 3 times."}
    assert in_folder(tmp_path / "out") == ["items.parquet", "job.json", "rows"]


def test_what_workers_refuse_is_a_sentence(job, shards, tmp_path):
    gone = replace(job, model=str(tmp_path / "gone"))
    with pytest.raises(InputError, match="gone' is neither a folder with a Whisper-AT model nor a hub id"):
        run_ray(gone, shards, [0])
    assert in_folder(tmp_path / "out") == ["items.parquet", "job.json"]


def test_the_run_starts_nothing_when_nothing_is_left(job):
    assert run_ray(job, [], [], address="nowhere") == 0
