"""The command `demo`: what it says, what it leaves behind, and what it says without its extra."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from whisper_at_hf.cli import app
from whisper_at_hf.demo import Limits


def invoke(*arguments):
    return CliRunner().invoke(app, ["demo", *map(str, arguments)])


def test_a_space_is_written_with_its_limits(tmp_path):
    done = invoke("--space", tmp_path / "space", "--model", "user/base", "--max-mb", "20", "--max-minutes", "5")
    assert done.exit_code == 0, done.stderr
    code = (tmp_path / "space" / "app.py").read_text()
    assert repr(Limits(20.0, 5.0)) in code and "build_demo(['user/base'], limits)" in code


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--max-mb", "0"], "leaves no room"),
        (["--max-minutes", "inf"], "max_minutes is no limit"),
        (
            ["--space", "file/space"],
            "'file/space' cannot be made (Not a directory); name another folder for the Space.",
        ),
        (
            ["--space", "taken"],
            "'taken/app.py' cannot be written (Is a directory); name another folder for the Space.",
        ),
        (["--model", "no-such-folder"], "'no-such-folder' is neither a folder"),
        (["--space", "space", "--model", "."], "push it to the hub first"),
    ],
)
def test_bad_options_are_a_sentence(arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("taken/app.py").mkdir(parents=True)
    done = invoke(*arguments)
    assert done.exit_code == 2 and sentence in done.stderr and "Traceback" not in done.stderr


@pytest.mark.real
@pytest.mark.long
def test_served_until_it_is_told_to_stop(default_model, tmp_path):
    environment = {
        **os.environ,
        "WHISPER_AT_CACHE": str(default_model.parent),
        "TMPDIR": str(tmp_path),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "whisper_at_hf.cli", "demo"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        address = re.search(r"The demo runs at (http://127\.0\.0\.1:\d+/)", process.stderr.readline())[1]
        page = urllib.request.urlopen(address, timeout=20).read().decode()
        assert "Whisper-AT" in page
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said
    assert "Traceback" not in said and list(Path(tmp_path).iterdir()) == []
