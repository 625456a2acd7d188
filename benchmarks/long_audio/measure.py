"""Starts a worker for one measurement and reads what it found."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from whisper_at_hf.analysis.robustness.word_errors import word_errors

from .material import Recording
from .peers import PEERS

BENCHMARKS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Task:
    """One run of one peer on one file."""

    model: str
    peer: str
    dtype: str
    recording: Recording
    repeat: int = 0

    @property
    def key(self) -> dict[str, object]:
        """What tells this run from all others."""
        return {
            "model": self.model,
            "peer": self.peer,
            "dtype": self.dtype,
            "file": self.recording.name,
            "repeat": self.repeat,
        }


@dataclass(frozen=True)
class Setup:
    """What all runs share.

    Args:
        models: for each model the folders of its kinds, `{"tiny.en": {"transformers": ..., "ours": ...}}`.
        pythons: interpreter of each of the peers' environments.
        warm_up: a short recording that every worker runs on first.
    """

    models: dict[str, dict[str, str]]
    pythons: dict[str, str]
    warm_up: Recording
    device: str
    threads: int
    batch_size: int


def missing(model: str, peer: str, setup: Setup) -> str | None:
    """Why a peer cannot run on a model; None if it can."""
    python = PEERS[peer].python
    if python not in setup.pythons:
        return f"no --{python}-python"
    if python == "faster-whisper" and "ctranslate2" not in setup.models[model]:
        return f"no --ctranslate2 {model}=FOLDER"
    return None


def measure(task: Task, setup: Setup) -> dict:
    """The record of a run: its key, and seconds, memory in MB and word errors, or the error it ended with."""
    peer = PEERS[task.peer]
    job = {
        "runner": peer.runner,
        "options": peer.options,
        "models": setup.models[task.model],
        "audio": str(task.recording.path),
        "warm_up": str(setup.warm_up.path),
        "dtype": task.dtype,
        "device": setup.device,
        "threads": setup.threads,
        "batch_size": setup.batch_size,
    }
    with tempfile.TemporaryDirectory() as folder:
        job_file, result_file = Path(folder) / "job.json", Path(folder) / "result.json"
        job_file.write_text(json.dumps(job))
        command = [setup.pythons[peer.python], "-m", "long_audio.worker", str(job_file), str(result_file)]
        run = subprocess.run(command, cwd=BENCHMARKS, env=_environment(setup.threads), capture_output=True, text=True)
        if run.returncode:
            lines = run.stderr.strip().splitlines() or [f"ended with code {run.returncode}"]
            return {**task.key, "error": lines[-1]}
        result = json.loads(result_file.read_text())
    text = result.pop("text")
    record = {**task.key, "minutes": task.recording.minutes, **result}
    if peer.text:
        record["wrong_words"], record["words"] = word_errors(task.recording.transcript, text)
    return record


def _environment(threads: int) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
