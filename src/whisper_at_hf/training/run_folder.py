"""The folder of a training run: what may be there before, checkpoints to resume from, and what is left in it."""

import json
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import InputError
from ..files import remove_drafts
from ..model.modeling_heads import saved_head_config
from .arguments import TLTRTrainingArguments

_NAME = re.compile(r"checkpoint-(\d+)")
# The Trainer writes this file last.
_LAST_FILE = "trainer_state.json"

RESULTS_FILE = "results.json"
# Checkpoints of the second training of a run with `refit`.
REFIT_FOLDER = "refit"


def finished_results(folder: str | Path) -> dict[str, Any] | None:
    """The results in a run's folder, or None if the run has not come to its end."""
    try:
        return json.loads((Path(folder) / RESULTS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def check_output(args: TLTRTrainingArguments) -> None:
    """Refuse to write over an earlier run unless told to.

    Raises:
        InputError: the folder holds a run, finished or not, and neither `resume_from_checkpoint` nor `overwrite` is
            set, or both are; or the path is or runs through a file.
    """
    folder = Path(args.output_dir)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"--output '{folder}' cannot be made, since '{there}' is a file; name a folder.")
    try:
        TemporaryDirectory(dir=there).cleanup()
    except OSError as error:
        raise InputError(f"'{there}' cannot be written to ({error.strerror}); name another --output.") from error
    if args.resume_from_checkpoint and args.overwrite:
        raise InputError("--resume goes on with a run that --overwrite would throw away; use one of them.")
    if args.resume_from_checkpoint or args.overwrite:
        return
    if finished_results(folder) is not None:
        raise InputError(f"'{folder}' holds a finished run; choose another --output, or add --overwrite.")
    if checkpoint_folders(folder) or fold_folders(folder):
        raise InputError(f"'{folder}' holds an unfinished run; add --resume to go on, or --overwrite to start anew.")


def fold_folders(folder: Path) -> list[Path]:
    """What cross-validation has left in a run's folder: one folder per fold."""
    return sorted(path.parent for path in folder.glob("fold-*/seed-*"))


def clear_output(args: TLTRTrainingArguments) -> None:
    """Remove what an overwritten run, or a checkpoint or file cut off in the middle, has left."""
    folder = Path(args.output_dir)
    remove_drafts(folder)
    for checkpoint in [*checkpoint_folders(folder), *checkpoint_folders(folder / REFIT_FOLDER)]:
        if not args.resume_from_checkpoint or not is_complete(checkpoint):
            shutil.rmtree(checkpoint)
    if not args.resume_from_checkpoint:
        (folder / RESULTS_FILE).unlink(missing_ok=True)
        for fold in fold_folders(folder):
            shutil.rmtree(fold, ignore_errors=True)


def remove_checkpoints(folder: str | Path) -> None:
    """Delete all checkpoints of a finished run."""
    for checkpoint in checkpoint_folders(Path(folder)):
        shutil.rmtree(checkpoint)
    shutil.rmtree(Path(folder) / REFIT_FOLDER, ignore_errors=True)


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
