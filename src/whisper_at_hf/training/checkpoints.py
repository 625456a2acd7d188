"""Finds the checkpoint to resume from: the last one that was written to its end."""

import json
import re
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..modeling_heads import saved_head_config

_NAME = re.compile(r"checkpoint-(\d+)")
# The Trainer writes this file last.
_LAST_FILE = "trainer_state.json"


def checkpoint_folders(output_dir: Path) -> list[Path]:
    """All checkpoints in a training's folder, complete or not, oldest first."""
    found = [(match, path) for path in output_dir.glob("checkpoint-*") if (match := _NAME.fullmatch(path.name))]
    return [path for match, path in sorted(found, key=lambda pair: int(pair[0][1]))]


def is_complete(checkpoint: Path) -> bool:
    """Whether the process that wrote the checkpoint lived to finish it."""
    try:
        json.loads((checkpoint / _LAST_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def check_same_shape(folder: str | Path, shape: dict[str, Any]) -> None:
    """Raises InputError if the head in `folder` has other values than `shape`, a part of `TLTRConfig`."""
    saved = saved_head_config(folder)
    for name, value in shape.items():
        if getattr(saved, name) != value:
            raise InputError(
                f"'{folder}' holds a head with {name}={getattr(saved, name)}, and this run is told {value}; give "
                f"--{name} as before, or choose another --output."
            )


def last_complete_checkpoint(output_dir: str | Path) -> Path | None:
    """The newest complete checkpoint in a training's folder, or None."""
    return next((path for path in reversed(checkpoint_folders(Path(output_dir))) if is_complete(path)), None)


def checkpoint_to_resume(output_dir: str | Path, chosen: str | bool | None) -> Path | None:
    """What `resume_from_checkpoint` means: a folder, True for the last complete one (None if there is none yet).

    Raises:
        InputError: the folder is no complete checkpoint.
    """
    if not chosen or str(chosen).lower() == "false":
        return None
    if str(chosen).lower() == "true":
        return last_complete_checkpoint(output_dir)
    if not is_complete(Path(chosen)):
        raise InputError(f"'{chosen}' is not a complete checkpoint; name another one, or pass True for the last one.")
    return Path(chosen)
