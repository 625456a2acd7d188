"""Content keys: which clips of a dataset are the same sound."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from ..data import audio_source
from ..errors import InputError
from ..files import open_to_append
from .parallel import map_ahead

MEMO_PATTERN = "audio-hashes-*.jsonl"
KEY_DIGITS = 32  # 128 bits: two different clips among millions never share them by chance

Segment = tuple[float, float | None]


def segment(row: dict) -> Segment:
    """Where a dataset's row lies in its file, in seconds; the end is None for the rest of the file."""
    start, end = row.get("start"), row.get("end")
    return (0.0 if start is None else float(start)), (None if end is None else float(end))


class AudioHashes:
    """sha256 of audio files, remembered by path, size and time of change so that no file is read twice.

    Args:
        folder: where the memo's files lie.
        writer: name of this process's own memo file; None to remember nothing new.
    """

    def __init__(self, folder: Path, writer: str | None = None):
        self._memo: dict[str, list] = {}
        for path in sorted(folder.glob(MEMO_PATTERN)):
            self._memo.update(_read_memo(path))
        self._path = None if writer is None else folder / MEMO_PATTERN.replace("*", writer)
        self._lock = Lock()

    def __call__(self, source: str | bytes) -> str:
        """Hex digest of a file's bytes, given its path or the bytes themselves.

        Raises:
            InputError: the file cannot be read.
        """
        if isinstance(source, bytes):
            return hashlib.sha256(source).hexdigest()
        try:
            stat = os.stat(source)
            known = self._memo.get(source)
            if known is not None and known[:2] == [stat.st_size, stat.st_mtime_ns]:
                return known[2]
            with open(source, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"'{source}' could not be read ({error.strerror}): check the path.") from error
        self._remember(source, [stat.st_size, stat.st_mtime_ns, digest])
        return digest

    def _remember(self, source: str, entry: list) -> None:
        if self._path is None:
            return
        # A memo that cannot be kept costs time, no result.
        with suppress(OSError), self._lock, open_to_append(self._path, "a", encoding="utf-8") as file:
            # The newline first: it ends a line that a killed process left torn.
            file.write("\n" + json.dumps([source, *entry]))


def _read_memo(path: Path) -> Iterator[tuple[str, list]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                source, *entry = json.loads(line)
            except (ValueError, TypeError):  # torn, or empty
                continue
            if isinstance(source, str) and len(entry) == 3:
                yield source, entry


def clip_key(content: str, start: float = 0.0, end: float | None = None) -> str:
    """Key of the part of a sound with the hash `content` that lies between `start` and `end` (seconds)."""
    return hashlib.sha256(f"{content} {start!r} {end!r}".encode()).hexdigest()[:KEY_DIGITS]


def clip_keys(dataset: Any, hashes: AudioHashes, rows: Sequence[int], threads: int) -> Iterator[str | InputError]:
    """For each of these rows its content key, or why its file cannot be read."""

    def key(index: int) -> str | InputError:
        row = dataset[index]
        try:
            return clip_key(hashes(audio_source(row)), *segment(row))
        except InputError as error:
            return error

    return map_ahead(key, rows, threads)
