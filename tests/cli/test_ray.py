"""`whisper-at run --engine ray`: signals, what it says, and that nothing outlives it."""

import os
import time

import psutil
import pytest
from archives import read_rows, save_tagger, start_run, write_noises
from typer.testing import CliRunner

from whisper_at_hf.cli import app

FILES = [f"{number:02d}.wav" for number in range(8)]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    return save_tagger(tmp_path_factory.mktemp("tagger"))


@pytest.fixture
def arguments(tagger, tmp_path):
    """A run of three shards, the last of which is a file that never ends."""
    os.mkfifo(write_noises(tmp_path / "in", *FILES) / "99.wav")
    common = ["--model", tagger, "--no-text", "--at-time-res", "0.8", "--device", "cpu", "--shard-size", "4"]
    return [tmp_path / "in", "--output", tmp_path / "out", *common, "--engine", "ray"]


def wait_for_shards(output, count):
    started = time.monotonic()
    while len(list(output.glob("rows/*.parquet"))) < count or not list(output.glob("attempts-*/000002.json")):
        assert time.monotonic() - started < 300
        time.sleep(0.05)


@pytest.mark.slow
def test_it_is_killed_stopped_and_gone_on_with(arguments, tmp_path):
    pytest.importorskip("ray")
    out = tmp_path / "out"
    killed = start_run(*arguments)
    wait_for_shards(out, 2)
    family = psutil.Process(killed.pid).children(recursive=True)
    killed.kill()
    assert killed.communicate()[1] == "9 files, 9 to do in 3 shards\n"
    stopped = start_run(*arguments)
    assert stopped.stderr.readline() == "9 files, 1 to do in 1 shards\n"
    wait_for_shards(out, 2)
    stopped.terminate()
    assert stopped.stderr.readline() == "Stopping after the shards in work ...\n"
    (tmp_path / "in" / "99.wav").open("wb").close()
    assert stopped.communicate()[1] == f"9 rows in '{out}', 1 of them with an error\n" and stopped.returncode == 143
    assert [row["id"] for row in read_rows(out)] == [*FILES, "99.wav"] and not list(out.glob("attempts-*"))
    assert not psutil.wait_procs(family, timeout=120)[1]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1:1", "[Errno 111] Connection refused"),
        ("nonsense", "Invalid address format: nonsense"),
    ],
)
def test_an_address_that_is_nobodys(arguments, address, reason):
    pytest.importorskip("ray")
    done = CliRunner().invoke(app, ["run", *map(str, arguments), "--ray-address", address])
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        f"error: Ray cannot be reached at --ray-address '{address}' ({reason}); start it, or use another."
    )


def test_an_address_is_for_ray(arguments):
    done = CliRunner().invoke(app, ["run", *map(str, arguments[:-2]), "--ray-address", "auto"])
    assert done.exit_code == 2
    assert done.stderr == "error: --ray-address is for --engine ray; pass that, too, or leave it out.\n"


def test_ray_says_what_it_needs(arguments, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ray" else name)
    done = CliRunner().invoke(app, ["run", *map(str, arguments)])
    assert done.exit_code == 2
    assert done.stderr == 'error: This needs ray[data]; run pip install "whisper-at-hf[ray]".\n'


def test_what_ray_prints_is_not_on_standard_output(arguments, monkeypatch):
    """It says there that a worker died, and more."""
    pytest.importorskip("ray")

    def run_ray(*args, **options):
        print("(raylet) A worker died")
        return 0

    monkeypatch.setattr("whisper_at_hf.archive.run_ray", run_ray)
    done = CliRunner().invoke(app, ["run", *map(str, arguments)])
    assert done.exit_code == 0 and done.stdout == ""
    assert "(raylet) A worker died\n" in done.stderr
