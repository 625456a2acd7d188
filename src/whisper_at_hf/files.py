"""Where files go, and how they get there whole or not at all."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from .errors import InputError


def cache_directory() -> Path:
    """The user's folder for what this package keeps; `WHISPER_AT_CACHE` overrides it."""
    if chosen := os.environ.get("WHISPER_AT_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper-at-hf"


def make_folder(folder: Path, fix: str = "name another --output") -> Path:
    """That folder, made if missing. Raises InputError, which ends with `fix`, where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"'{folder}' cannot be made ({error.strerror}); {fix}.") from error
    return folder


# Ends the name of a file that is not yet whole.
_DRAFT = ".draft"


def remove_drafts(folder: Path) -> None:
    """Delete what killed processes have left half written in that folder; nobody may be writing there."""
    for draft in folder.glob(f".*{_DRAFT}"):
        draft.unlink(missing_ok=True)


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[Path]:
    """A path to write to, whose file takes the place of `path` if the block ends well, and is deleted if not."""
    draft = path.with_name(f".{uuid.uuid4().hex}{_DRAFT}")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def open_to_append(path: Path, mode: str = "ab", **options: Any) -> IO:
    """As `open`, but OSError where `path` is a link: one that was planted must not make us write elsewhere."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)

    return open(path, mode, opener=opener, **options)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file, which is there whole or not at all. Raises InputError where it cannot be written."""
    try:
        with whole_or_nothing(path) as draft:
            draft.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({error.strerror}); name another --output.") from error


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file, which is there whole or not at all. Raises InputError where it cannot be written."""
    make_folder(path.parent)
    write_atomically(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")
