"""Many short files, and the jobs over them."""

from pathlib import Path

import numpy as np
import soundfile

from whisper_at_hf.archive import Item, Job, list_items
from whisper_at_hf.archive.job import hashes, prepare
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import default_model_path, sample_path
from whisper_at_hf.pipeline.loading import load_pipeline

RATE = 16_000
SHARD_SIZE = 20


def write_clips(folder: Path, count: int, seconds: tuple[float, float] = (1.0, 5.0)) -> Path:
    """`count` cuts of the package's sample, all different, `seconds` long from the least to the most."""
    sound = load_audio(sample_path(), RATE)
    draw = np.random.default_rng(0)
    for number in range(count):
        length = round(RATE * draw.uniform(*seconds))
        first = draw.integers(len(sound) - length)
        place = folder / f"{number % 7}"  # files of one name in different folders
        place.mkdir(parents=True, exist_ok=True)
        cut = sound[first : first + length] * draw.uniform(0.3, 1.0)
        soundfile.write(place / f"{number // 7:04d}.wav", cut, RATE)
    return folder


def begin(clips: Path, output: Path, text: bool, shard_size: int = SHARD_SIZE) -> tuple[Job, list[list[Item]]]:
    """A job of the default model over these clips, with events, and with text or without; and its shards."""
    model = str(default_model_path())
    parameters = {"return_text": text, "return_events": True, **({"return_timestamps": True} if text else {})}
    model_hash, head_hash = hashes(load_pipeline(model, "cpu", "auto", text).model)
    job = Job(str(output), model, model_hash, head_hash, parameters, shard_size=shard_size, device="cpu")
    return job, prepare(job, list_items(clips))
