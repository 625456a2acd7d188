"""Archives of short noises, a tiny tagger that goes through them quickly, and the rows that come of that."""

import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import soundfile
from pyarrow import parquet
from sounds import RATE
from tiny import MELS, head_config, tiny_model
from transformers import WhisperFeatureExtractor, WhisperProcessor, WhisperTokenizer

from whisper_at_hf import WhisperATForAudioClassification
from whisper_at_hf.archive import Item
from whisper_at_hf.archive.decoder import _sound


def save_tagger(folder: Path) -> Path:
    """A tiny random tagger with windows of 0.8 s, complete enough for the command line."""
    model = tiny_model(WhisperATForAudioClassification, heads={"default": head_config(window_length_s=0.8)})
    model.save_pretrained(folder)
    tokenizer = WhisperTokenizer(vocab={"<|endoftext|>": 0, "a": 1}, merges=[])
    WhisperProcessor(WhisperFeatureExtractor(feature_size=MELS, chunk_length=2), tokenizer).save_pretrained(folder)
    return folder


def write_noises(folder: Path, *names: str | bytes) -> Path:
    """A WAV file of noise for each name, all different, 0.3 s and longer."""
    for number, name in enumerate(names):
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        noise = 0.1 * np.random.default_rng(number).standard_normal(round(RATE * (0.3 + 0.1 * (number % 7))))
        with open(path, "wb") as file:
            soundfile.write(file, noise, RATE, format="WAV")
    return folder


def read_rows(output: Path) -> list[dict]:
    """All rows by id; those that are there twice come twice."""
    files = sorted((output / "rows").glob("*.parquet"))
    return sorted((row for file in files for row in parquet.read_table(file).to_pylist()), key=lambda row: row["id"])


def start_run(*arguments, **environment: str) -> subprocess.Popen:
    """`whisper-at run ARGUMENTS...` on one thread, in a process of its own."""
    helpers = str(Path(__file__).parent)
    paths = filter(None, [environment.pop("PYTHONPATH", ""), helpers, os.environ.get("PYTHONPATH")])
    return subprocess.Popen(
        [sys.executable, "-m", "whisper_at_hf.cli", "run", *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment, "PYTHONPATH": os.pathsep.join(paths)},
        stderr=subprocess.PIPE,
        text=True,
    )


class DeadlyItem(Item):
    """A file that has the worker killed which takes it up."""

    def __reduce__(self):
        if multiprocessing.parent_process() is not None:  # the worker, about to ask its decoder
            os.kill(os.getpid(), signal.SIGKILL)
        return DeadlyItem, astuple(self)


class NearDecoder:
    """A `Decoder` that decodes in this process."""

    def __init__(self, sampling_rate, time_limit, max_seconds):
        self.settings = (sampling_rate, max_seconds)

    def decode(self, items):
        for item in items:
            yield item, _sound(item, *self.settings)

    def close(self):
        pass
