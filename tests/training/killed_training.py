"""Run by test_training_processes.py: `killed_training.py FOLDER KILLS FLAGS...` kills KILLS runs at random moments.

Each run is a fork of this process, which has all modules loaded, so that every moment of the work itself is as
likely. They go on with one another, until one comes to its end before it is killed; then they start anew. Prints how
many killed runs had left a checkpoint for the next one.
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import torch
from subprocesses import fork

from whisper_at_hf.training import parse_arguments, run_training
from whisper_at_hf.training.run_folder import last_complete_checkpoint


def main(folder, kills, flags):
    torch.set_num_threads(1)  # threads of torch do not survive a fork

    def train(name, **values):
        values |= {"output_dir": str(folder / name), "cache_dir": str(folder / f"{name}-features")}
        run_training(*parse_arguments(flags, **values))

    started = time.perf_counter()
    assert os.waitpid(fork(lambda: train("whole")), 0)[1] == 0
    duration = time.perf_counter() - started
    draw, gone_on = random.Random(0), 0
    while kills:
        child = fork(lambda: train("killed", resume_from_checkpoint="True"))
        time.sleep(duration * draw.random())
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if status == signal.SIGKILL:
            kills -= 1
            gone_on += last_complete_checkpoint(folder / "killed") is not None
        else:
            assert status == 0, "a resumed run failed"
            shutil.rmtree(folder / "killed")
            shutil.rmtree(folder / "killed-features")
    assert os.waitpid(fork(lambda: train("killed", resume_from_checkpoint="True")), 0)[1] == 0
    print(gone_on)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
