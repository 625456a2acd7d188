"""Code blocks of README and docs, and a desk with everything that they name, so that they run as they stand."""

import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import soundfile
import torch
from foreign_formats import openai_checkpoint
from labelled_sounds import write_csv, write_tones
from random_heads import random_original_head
from sounds import RATE
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from whisper_at_hf import WhisperATForConditionalGeneration
from whisper_at_hf.audio import load_audio

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(?P<language>sh|python)\n(?P<code>.*?)```", re.DOTALL)
SOUNDS = ["street.wav", "rain.flac", "street.mp3", "talk.mp3", "radio.mp3", "film.mp4", "recordings/a/one.mp3"]
# Hub ids are folders here, all of them Whisper tiny.en; names of models are only names.
WHISPERS = ["openai/whisper-base", "openai/whisper-base.en", "openai/whisper-tiny.en"]
MODELS = ["my-model", "whisper-at-base.en", "owner/my-model"]
HEADS = ["my-head", "another-head", "owner/my-head"]


def blocks(page: Path) -> list[re.Match]:
    return list(BLOCK.finditer(page.read_text(encoding="utf-8")))


def commands(code: str) -> Iterator[str]:
    """The lines of a shell block, continued ones joined."""
    return (line for line in code.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#"))


def fill_shelf(desk: Path, default_model: Path, whisper: Path, ctranslate2: Path) -> Path:
    """A folder with files of all the names that pages use. Models are Whisper tiny.en, sounds some seconds."""
    for name in ("src", "docs", "recipes"):
        (desk / name).symlink_to(ROOT / name)
    sound = load_audio(ROOT / "src/whisper_at_hf/assets/sample.flac", RATE)
    for name in SOUNDS:
        (desk / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(desk / name, sound[: 6 * RATE], RATE, format="WAV")
    _write_data(desk)
    for name in WHISPERS:
        _link(desk / name, whisper)
    _link(desk / "faster-whisper-base", ctranslate2)
    model = WhisperATForConditionalGeneration.from_pretrained(default_model)
    for name in HEADS:
        model.save_head("default", desk / name)
    model.load_head(desk / "my-head", "birds")
    model.save_pretrained(desk / "model")
    WhisperProcessor.from_pretrained(default_model).save_pretrained(desk / "model")
    for name in MODELS:
        _link(desk / name, desk / "model")
    torch.save(openai_checkpoint(WhisperForConditionalGeneration.from_pretrained(whisper)), desk / "base.en.pt")
    head = {name: torch.from_numpy(value) for name, value in random_original_head(384, projection=512).items()}
    torch.save(head, desk / "base.en_low.pth")
    return desk


def _write_data(desk: Path) -> None:
    labels = ["low", "mid", "high"] * 5
    for name in ("clips.csv", "more-clips.csv"):
        folder = Path(name).stem
        files = write_tones(desk / folder, [[label] for label in labels], seed=len(name))
        write_csv(desk / name, [(f"{folder}/{file}", label) for file, label in zip(files, labels, strict=True)])
    write_csv(desk / "files.csv", [("street.wav",), ("talk.mp3",)], ("path",))
    (desk / "shards").mkdir()
    with tarfile.open(desk / "shards" / "0.tar", "w") as tar:
        tar.add(desk / "street.wav", "street.wav")


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def lay_desk(desk: Path, shelf: Path) -> Path:
    """Links to all that lies on the shelf, to be used up."""
    for entry in shelf.iterdir():
        if entry.name in ("owner", "openai"):  # hub ids
            (desk / entry.name).mkdir()
            for model in entry.iterdir():
                (desk / entry.name / model.name).symlink_to(model.resolve())
        else:
            (desk / entry.name).symlink_to(entry.resolve())
    return desk


def clear_output(arguments: list[str]) -> None:
    """What a command is going to make is not there yet; archives are gone on with."""
    if arguments[0].startswith("export-"):
        output = Path(arguments[1])
    elif "--output" in arguments and arguments[0] != "run":
        output = Path(arguments[arguments.index("--output") + 1])
    else:
        return
    if output.is_symlink() or output.is_file():
        output.unlink()
    elif output.is_dir():
        shutil.rmtree(output)
