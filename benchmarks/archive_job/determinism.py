"""Rows of the same clips, made in other ways."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

from whisper_at_hf.archive import list_items

from .rows import compare, read_rows

# What is changed, by options of `whisper-at run` and by OMP_NUM_THREADS; the first is what all others are compared to.
WAYS: dict[str, tuple[list, int]] = {
    "batches of 16, one process, one thread": (["--batch-size", 16], 1),
    "the same again": (["--batch-size", 16], 1),
    "batches of 1": (["--batch-size", 1], 1),
    "batches of 4": (["--batch-size", 4], 1),
    "two processes": (["--batch-size", 16, "--processes", 2], 1),
    "two threads": (["--batch-size", 16], 2),
}


def determinism(folder: Path, data: Path, files: int) -> dict:
    """Text, tags and events of clips of speech and sounds by turns, in each way, against the first of them.

    Args:
        data: holds `speech/` and `esc10/`.
        files: how many clips.
    """
    kinds = [[clip.path for clip in list_items(data / name)] for name in ("speech", "esc10")]
    mixed = (clip for pair in zip(*kinds, strict=False) for clip in pair)
    (folder / "clips.txt").write_text("\n".join(islice(mixed, files)))
    found, first = {}, None
    for number, (name, (options, threads)) in enumerate(WAYS.items()):
        rows = _rows(folder / "clips.txt", folder / f"way-{number}", options, threads)
        first = first or rows
        found[name] = compare(rows, first)
        print(f"{name}: {found[name]}", flush=True)
    return {
        "files": len(first),
        "with text": sum(bool(row["text"].strip()) for row in first),
        "errors": sum(row["error"] is not None for row in first),
        **{name: values for name, values in found.items() if values is not found[next(iter(WAYS))]},
    }


def _rows(clips: Path, output: Path, options: list, threads: int) -> list[dict]:
    command = [sys.executable, "-m", "whisper_at_hf.cli", "run", clips, "--output", output, "--events"]
    command += ["--shard-size", 20, "--device", "cpu", "--quiet", *options]
    subprocess.run(list(map(str, command)), check=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    return read_rows(output)
