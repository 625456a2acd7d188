"""Run by test_kills.py: `killed_extraction.py WHISPER CSV FOLDER KILLS` kills KILLS extractions at random moments.

Each extraction is a fork of this process, which has all modules loaded, so that every moment of the work itself is
as likely. They work on one cache, which starts anew when one comes to its end before it is killed. Prints how many
times a killed extraction had left something behind for the next one.
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

from whisper_at_hf.data import load_data
from whisper_at_hf.features import extract_features, load_encoder


def main(whisper, csv_file, folder, kills):
    torch.set_num_threads(1)  # threads of torch do not survive a fork
    encoder, dataset = load_encoder(whisper), load_data(csv_file)

    def extract(name):
        extract_features(dataset, encoder, folder / name, 1.2, batch_size=3, threads=2)

    started = time.perf_counter()
    assert os.waitpid(fork(lambda: extract("whole")), 0)[1] == 0
    duration = time.perf_counter() - started
    draw, resumed = random.Random(0), 0
    while kills:
        child = fork(lambda: extract("killed"))
        time.sleep(duration * draw.random())
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if status == signal.SIGKILL:
            kills -= 1
            resumed += any((folder / "killed").rglob("*.bin"))
        else:
            assert status == 0, "a resumed extraction failed"
            shutil.rmtree(folder / "killed")
    assert os.waitpid(fork(lambda: extract("killed")), 0)[1] == 0
    print(resumed)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
