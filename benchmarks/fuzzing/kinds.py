"""What is fuzzed: each kind of file, an intact folder with one, what is absurd in it, and who reads it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from . import data_files as data
from . import model_files as models
from .absurd_files import (
    absurd_checkpoint,
    absurd_json,
    absurd_json_lines,
    absurd_lines,
    absurd_model_bin,
    absurd_safetensors,
    absurd_table,
    absurd_yaml,
)
from .absurd_sound import absurd_sound
from .mutations import mutated
from .sound_files import FORMS, read_sound, sound_file

Family = Literal["sound", "files"]
# Of files that keep their form; damage to the bytes of texts and archives seldom leaves one.
ABSURD_SHARE = 0.5


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        family: what it is counted under.
        make: writes an intact folder.
        file: the file in that folder that is mutated.
        read: reads the folder as the package does, and raises what it raises.
        absurd: another such file with absurd values, from a generator and the intact one.
        weight: cases of it for each of a common kind; slow readers get fewer.
    """

    family: Family
    make: Callable[[Path], None]
    file: str
    read: Callable[[Path], None]
    absurd: Callable[[random.Random, bytes], bytes]
    weight: float = 1.0

    def case(self, rng: random.Random, content: bytes, other: bytes) -> bytes:
        """A hostile file; `content` is the intact one, `other` one of another kind."""
        if rng.random() >= ABSURD_SHARE:
            return mutated(rng, content, other)
        hostile = self.absurd(rng, content)
        return mutated(rng, hostile, other) if rng.random() < 0.2 else hostile


def _sound_kind(name: str) -> Kind:
    file = f"x.{FORMS[name]}"

    def make(folder: Path) -> None:
        (folder / file).write_bytes(sound_file(name))

    return Kind("sound", make, file, lambda folder: read_sound(folder / file), partial(absurd_sound, FORMS[name]))


def _text_kind(file: str, read: Callable[[Path], None], absurd: Callable, weight: float = 1.0) -> Kind:
    return Kind("files", data.texts, file, lambda folder: read(folder / file), absurd, weight)


def _model_kind(make: Callable, read: Callable, file: str, absurd: Callable, weight: float = 1.0) -> Kind:
    return Kind("files", make, file, read, absurd, weight)


KINDS: dict[str, Kind] = {name: _sound_kind(name) for name in FORMS} | {
    "CTranslate2 model.bin": _model_kind(models.ctranslate2, models.read_ctranslate2, "model.bin", absurd_model_bin),
    "OpenAI .pt": _model_kind(models.openai, models.read_openai, "model.pt", absurd_checkpoint),
    "original head .pth": _model_kind(models.original_head, models.read_original_head, "head.pth", absurd_checkpoint),
    "CTranslate2 tokenizer.json": _model_kind(
        models.tokenizer, models.read_tokenizer, "tokenizer.json", absurd_json, 0.05
    ),
    "CTranslate2 config.json": _model_kind(models.tokenizer, models.read_tokenizer, "config.json", absurd_json, 0.05),
    **{
        f"head {file}": _model_kind(models.saved_head, models.read_saved_head, file, absurd)
        for file, absurd in {"config.json": absurd_json, "model.safetensors": absurd_safetensors}.items()
    },
    **{
        f"model {file}": _model_kind(models.whisper_at, models.read_whisper_at, file, absurd, 0.5)
        for file, absurd in {
            "config.json": absurd_json,
            "generation_config.json": absurd_json,
            "preprocessor_config.json": absurd_json,
            "tokenizer.json": absurd_json,
            "tokenizer_config.json": absurd_json,
            "model.safetensors": absurd_safetensors,
        }.items()
    },
    **{
        f"Whisper {file}": _model_kind(models.plain_whisper, models.read_plain_whisper, file, absurd, 0.5)
        for file, absurd in {
            "config.json": absurd_json,
            "generation_config.json": absurd_json,
            "tokenizer.json": absurd_json,
            "model.safetensors": absurd_safetensors,
        }.items()
    },
    "labels .csv": _text_kind("labels.csv", data.read_labels, absurd_table),
    "labels .txt": _text_kind("labels.txt", data.read_labels, absurd_lines),
    "clips .csv": _text_kind("clips.csv", data.read_clips, absurd_table),
    "AudioSet segments .csv": _text_kind("segments.csv", data.read_segments, absurd_table),
    "teacher .csv": _text_kind("teacher.csv", data.read_teacher, absurd_table),
    "recipe .yaml": _text_kind("recipe.yaml", data.read_recipe, absurd_yaml),
    "recipe .json": _text_kind("recipe.json", data.read_recipe, absurd_json),
    "wording .csv": _text_kind("wording.csv", data.read_wording, absurd_table),
    "wording .json": _text_kind("wording.json", data.read_wording, absurd_json),
    "ontology .json": _text_kind("ontology.json", data.read_ontology, absurd_json),
    "result .json": _text_kind("result.json", data.read_result, absurd_json_lines, 0.3),
}


def plan(family: Family, count: int, first_seed: int = 0) -> list[tuple[str, int]]:
    """`(kind, seed)` of that many cases, in proportion to the weights, the kinds one after another."""
    chosen = {name: kind for name, kind in KINDS.items() if kind.family == family}
    total, before, cases = sum(kind.weight for kind in chosen.values()), 0.0, []
    for name, kind in chosen.items():
        first, before = round(count * before / total), before + kind.weight
        cases += [(name, first_seed + seed) for seed in range(round(count * before / total) - first)]
    return cases
