"""No process outlives the one that started it."""

import signal
import subprocess
import sys

import psutil
import pytest

PARENT = """
import multiprocessing, time
from whisper_at_hf.archive.processes import end_with_parent

def sleep():
    end_with_parent()
    print("began", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=sleep)
    child.start()
    child.join()
"""


@pytest.mark.long
def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "began\n"
    family = psutil.Process(parent.pid).children()
    assert family
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
