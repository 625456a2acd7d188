"""Where files go, and how they get there whole or not at all."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

from .errors import InputError


def cache_directory() -> Path:
    """The user's folder for what this package keeps; `WHISPER_AT_CACHE` overrides it."""
    if chosen := os.environ.get("WHISPER_AT_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper-at-hf"


def write_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name and rename it. Raises InputError where that is impossible."""
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        os.replace(draft, path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({error.strerror}); name another --output.") from error
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON file, which is there whole or not at all. Raises InputError where it cannot be written."""
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"'{path.parent}' cannot be made ({error.strerror}); name another --output.") from error
    write_atomically(path, text)
