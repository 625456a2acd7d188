"""Jobs on Ray: the rows of local ones, whatever dies."""

from dataclasses import replace

import psutil
import pytest
from archives import read_rows, write_noises

from whisper_at_hf.archive import Job, list_items, run_local, run_ray
from whisper_at_hf.archive.job import prepare
from whisper_at_hf.archive.ray_engine import _connected, _Run

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", autouse=True)
def ray():
    """A Ray with room for two actors, which the runs find started."""
    pytest.importorskip("ray")
    run = _Run(Job("", ""), 2, lambda: None)
    with _connected(None, run):
        import ray

        yield ray


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


def actors():
    """The processes of actors that have begun."""
    return [child for child in psutil.Process().children(recursive=True) if "ray::MapWorker" in child.name()]


def in_folder(path):
    return sorted(found.name for found in path.iterdir())


def test_rows_are_those_of_a_local_run_and_it_is_gone_on_with(job, shards, tmp_path):
    done = []
    assert run_ray(job, shards, [1], on_files=done.append) == 0 and done == [4]
    assert [row["id"] for row in read_rows(tmp_path / "out")] == ["4.wav", "5.wav", "6.wav", "7.wav"]
    assert run_ray(job, shards, [0], processes=2) == 0
    whole = replace(job, output=str(tmp_path / "whole"))
    run_local(whole, prepare(whole, [item for shard in shards for item in shard]), [0, 1])
    assert read_rows(tmp_path / "out") == read_rows(tmp_path / "whole")
    assert in_folder(tmp_path / "out") == in_folder(tmp_path / "whole")
