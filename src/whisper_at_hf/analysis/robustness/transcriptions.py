"""A cache of transcriptions on disk: nothing finished is done again, whenever the process was stopped."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from ...errors import InputError
from ...files import open_to_append
from .material import Material
from .pairs import Pair
from .recognisers import Recogniser

Announce = Callable[[str], None]
# Batches that the time of the whole is judged by, spread over all ratios.
_TRIAL_BATCHES = 2


class TextStore:
    """Texts of one recogniser, by the key of what it heard: a file of JSON lines that only ever grows.

    A process killed at any moment leaves all lines but the last one whole; a torn one is passed over.

    Args:
        folder: of the cache; made if missing.
        identity: of the recogniser. Others have files of their own.

    Raises:
        InputError: the folder cannot be made or the file not be read.
    """

    def __init__(self, folder: Path, identity: str):
        self.path = folder / f"texts-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._texts = dict(_whole_lines(self.path)) if self.path.is_file() else {}
        except OSError as error:
            raise InputError(f"'{folder}' cannot be used ({error.strerror}); name another --cache.") from error

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __getitem__(self, key: str) -> str:
        return self._texts[key]

    def __len__(self) -> int:
        return len(self._texts)

    @contextmanager
    def writing(self) -> Iterator[Callable[[Sequence[str], Sequence[str]], None]]:
        """Gives the function to call with keys and their texts, which are on the disk when it returns."""
        try:
            file = open_to_append(self.path)
        except OSError as error:
            raise InputError(f"'{self.path}' cannot be written ({error.strerror}); name another --cache.") from error
        with file:
            yield lambda keys, texts: self._add(file, keys, texts)

    def _add(self, file: BinaryIO, keys: Sequence[str], texts: Sequence[str]) -> None:
        # The newline first: it ends a line that a killed process left torn.
        lines = ["\n" + json.dumps({"key": key, "text": text}) for key, text in zip(keys, texts, strict=True)]
        try:
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise InputError(f"'{self.path}' cannot be written ({error.strerror}); make room.") from error
        self._texts.update(zip(keys, texts, strict=True))


def _whole_lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
            if isinstance(entry["key"], str) and isinstance(entry["text"], str):
                yield entry["key"], entry["text"]
        except (ValueError, TypeError, KeyError):  # torn, or empty
            continue


def transcribe(
    pairs: Sequence[Pair],
    material: Material,
    recogniser: Recogniser,
    folder: Path,
    announce: Announce | None = None,
) -> list[str]:
    """The text of every pair, from the cache where it is there.

    Args:
        pairs: usable ones.
        material: their sound.
        recogniser: transcribes `recogniser.batch_size` of them at a time.
        folder: of the cache.
        announce: told how much there is to do and how long it will take; a progress bar is shown too. None: silence.

    Raises:
        InputError: the cache cannot be read or written.
    """
    store = TextStore(folder, recogniser.identity)
    keys = [material.key(pair) for pair in pairs]
    # The same sound under two names is transcribed once.
    missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in store}
    if announce is not None:
        announce(f"{recogniser.name}: {len(set(keys))} transcriptions, {len(missing)} of them to make.")
    batches = _trial_first(list(missing), recogniser.batch_size)
    hidden = announce is None or not missing
    bar = tqdm(total=len(missing), desc=recogniser.name, unit="text", smoothing=0.05, disable=hidden)
    with store.writing() as add, bar:
        started = time.perf_counter()
        for number, batch in enumerate(batches, 1):
            add(batch, recogniser([material.audio(missing[key]) for key in batch]))
            bar.update(len(batch))
            if announce is not None and number == _TRIAL_BATCHES < len(batches):
                rate = bar.n / (time.perf_counter() - started)
                with tqdm.external_write_mode():
                    announce(f"{recogniser.name}: {rate:.1f} a second, so {clock((bar.total - bar.n) / rate)} to go.")
    return [store[key] for key in keys]


def _trial_first(keys: list[str], batch_size: int) -> list[list[str]]:
    """Batches in the order of `keys`, after those of the trial, which take evenly spread ones."""
    count = min(len(keys), _TRIAL_BATCHES * batch_size)
    spread = set(np.linspace(0, len(keys) - 1, count).round().astype(int)) if count else set()
    order = [*sorted(spread), *(index for index in range(len(keys)) if index not in spread)]
    return [[keys[index] for index in order[start : start + batch_size]] for start in range(0, len(keys), batch_size)]


def clock(seconds: float) -> str:
    """A length of time in words, to the minute."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min"
