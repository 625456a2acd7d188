"""Long recordings of known words: read sentences joined end to end, with a sound after every sixth of them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile

from whisper_at_hf.audio import load_audio
from whisper_at_hf.errors import InputError

RATE = 16_000
UTTERANCES_PER_SOUND = 6
# A sound as loud as the speech around it may have peaks that a file cannot hold.
HIGHEST_PEAK = 0.9
# Names of recordings made for their length begin so.
LENGTH_PREFIX = "growth "


@dataclass(frozen=True)
class Recording:
    """A file of the benchmark; `minutes` is its real length and `transcript` its words as the data set spells them."""

    name: str
    path: Path
    minutes: float
    transcript: str


@dataclass(frozen=True)
class Utterance:
    path: Path
    seconds: float
    transcript: str


class Material:
    """Makes recordings in a folder, each once; the same seed gives the same files.

    Args:
        data: folder with `speech/labels.csv` (path, duration, transcript) and `esc10/labels.csv` (path).
        folder: where the recordings are written and found again.
        seed: shuffles sentences and sounds.

    `fingerprint` tells one choice and order of sentences and sounds from another; files of another lie elsewhere.

    Raises:
        InputError: one of the two tables is missing.
    """

    def __init__(self, data: Path, folder: Path, seed: int = 0):
        rng = np.random.default_rng(seed)
        spoken = _shuffled(_rows(data / "speech"), rng)
        self.utterances = [
            Utterance(data / "speech" / row["path"], float(row["duration"]), row["transcript"]) for row in spoken
        ]
        self.sounds = [data / "esc10" / row["path"] for row in _shuffled(_rows(data / "esc10"), rng)]
        names = [str(path.relative_to(data)) for path in (*(item.path for item in self.utterances), *self.sounds)]
        self.fingerprint = f"{crc32(' '.join(names).encode()):08x}"
        self.folder = folder / self.fingerprint

    def parts(self, minutes: float) -> list[Recording]:
        """All utterances, each once, spread over recordings of about `minutes`."""
        seconds = np.array([utterance.seconds for utterance in self.utterances])
        count = max(1, round(seconds.sum() / 60 / minutes))
        # An utterance belongs to the part that its middle lies in.
        owners = ((seconds.cumsum() - seconds / 2) * count / seconds.sum()).astype(int)
        groups = [
            [utterance for utterance, owner in zip(self.utterances, owners, strict=True) if owner == part]
            for part in range(count)
        ]
        return [
            self._recording(f"part {part + 1} of {count}", group, first_sound=part * len(self.utterances))
            for part, group in enumerate(groups)
        ]

    def of_length(self, minutes: float) -> Recording:
        """A recording of `minutes`, to the nearest sentence; sentences come round again where there are too few."""
        chosen, seconds = [], 0.0
        for utterance in cycle(self.utterances):
            # A sound lasts about 5 s.
            pause = 5.0 / UTTERANCES_PER_SOUND
            if chosen and seconds + (utterance.seconds + pause) / 2 > minutes * 60:
                break
            chosen.append(utterance)
            seconds += utterance.seconds + pause
        return self._recording(f"{LENGTH_PREFIX}{minutes:g} min", chosen, first_sound=0)

    def _recording(self, name: str, utterances: list[Utterance], first_sound: int) -> Recording:
        """Written once; the words lie beside the audio, and are written last."""
        path = self.folder / f"{name.replace(' ', '-')}.flac"
        notes = path.with_suffix(".json")
        if not notes.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            samples = 0
            with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
                for block in self._joined(utterances, first_sound):
                    file.write(block)
                    samples += len(block)
            transcript = " ".join(utterance.transcript for utterance in utterances)
            notes.write_text(json.dumps({"minutes": samples / RATE / 60, "transcript": transcript}))
        return Recording(name, path, **json.loads(notes.read_text()))

    def _joined(self, utterances: list[Utterance], first_sound: int) -> Iterator[np.ndarray]:
        for index, utterance in enumerate(utterances, start=1):
            speech = load_audio(str(utterance.path), RATE)
            yield speech
            if index % UTTERANCES_PER_SOUND == 0:
                number = first_sound + index // UTTERANCES_PER_SOUND
                sound = load_audio(str(self.sounds[number % len(self.sounds)]), RATE)
                yield at_level_of(sound, speech)


def at_level_of(sound: np.ndarray, speech: np.ndarray) -> np.ndarray:
    """`sound` with the power of `speech`, or as near as its peaks allow; both float32, `(samples,)`."""
    power, peak = np.sqrt(np.mean(sound**2)), np.abs(sound).max()
    if power == 0:
        return sound
    return sound * min(np.sqrt(np.mean(speech**2)) / power, HIGHEST_PEAK / peak)


def _rows(folder: Path) -> list[dict[str, str]]:
    table = folder / "labels.csv"
    if not table.is_file():
        raise InputError(f"{table} is missing; --data takes the folder that holds speech/ and esc10/.")
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _shuffled(rows: list[dict[str, str]], rng: np.random.Generator) -> list[dict[str, str]]:
    return [rows[index] for index in rng.permutation(len(rows))]
