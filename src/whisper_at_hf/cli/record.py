"""What the results in a folder were made of, so that a run can be gone on with."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from ..errors import InputError
from ..files import open_to_append
from .places import located

NAME = ".whisper-at.jsonl"


class Record:
    """For each result in a folder, the file and the settings that it was made of.

    It is a file of that folder with a line for each result, the last of which counts. A line is added before its
    result is there, and after an older result has gone: wherever a run is killed, what is there was made of what its
    line says. Nothing but one run at a time may write to the folder.

    Args:
        folder: of the results.
        settings: what else than the file decides a result.

    Raises:
        InputError: it is there and cannot be read.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]):
        self._folder = folder
        self._settings = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()
        self._made = dict(self._lines())

    def is_finished(self, result: PurePath, source: str) -> bool:
        """Whether the result is there, and was made of that source with these settings."""
        return os.path.isfile(self._folder / result) and self._made.get(result.as_posix()) == self._made_of(source)

    def begin(self, result: PurePath, source: str) -> None:
        """Note what the result will be made of; one that was made of anything else is deleted.

        Raises:
            InputError: the folder cannot be written.
        """
        name, made_of = result.as_posix(), self._made_of(source)
        if self._made.get(name) == made_of:
            return
        try:
            (self._folder / result).unlink(missing_ok=True)
            # What comes after a line that was cut off, by a kill or a full disk, begins a new one.
            with open_to_append(self._folder / NAME) as file:
                file.write(f"\n{json.dumps([name, *made_of])}".encode())
        except OSError as error:
            raise self._unusable("written", error) from error
        self._made[name] = made_of

    def _made_of(self, source: str) -> tuple[str, str]:
        """The file as it is now: one that was replaced has another size or time."""
        try:
            state = os.stat(source)
        except (OSError, ValueError):  # a URL, or it fails when its turn comes
            return located(source), self._settings
        return f"{located(source)} {state.st_size} {state.st_mtime_ns}", self._settings

    def _lines(self) -> Iterator[tuple[str, tuple[str, str]]]:
        path = self._folder / NAME
        if path.is_symlink() or path.is_fifo():  # which would be refused, or waited for, at the first result
            raise InputError(f"'{path}' is no plain file; delete it, or name another --output.")
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable("read", error) from error
        for line in content.splitlines():
            try:
                name, source, settings = json.loads(line)
            except (ValueError, TypeError, RecursionError):  # cut off, or not ours
                continue
            yield str(name), (source, settings)

    def _unusable(self, how: str, error: OSError) -> InputError:
        return InputError(f"'{self._folder / NAME}' cannot be {how} ({error.strerror}); name another --output.")
