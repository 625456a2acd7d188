"""The command `whisper-at teach`."""

from pathlib import Path
from typing import Any

from ..data import load_data, resolve_labels
from ..errors import InputError
from ..pipeline.loading import check_device
from ..training.taggers import TransformersTagger, load_tagger
from ..training.teaching import teach
from .support import announcer, say


def run_teach(
    data: str,
    output: Path,
    model: str | None = None,
    tagger: str | None = None,
    labels: str | None = None,
    problem_type: str | None = None,
    batch_size: int = 8,
    device: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    **loading: Any,
) -> int:
    """Load data and teacher, and write what it says.

    Args:
        data: what `load_data` takes.
        model, problem_type, device: see `TransformersTagger`.
        tagger: see `load_tagger`; instead of `model`.
        labels: what `resolve_labels` takes.
        loading: further arguments of `load_data`.

    Returns:
        The exit code: 0, or 2 where clips could not be read; the file then holds all others.

    Raises:
        InputError: not one teacher is named, or as `teach`.
    """
    if (model is None) == (tagger is None):
        raise InputError("One teacher is needed: name a model with --model, or code with --tagger.")
    check_device(device)
    rows = load_data(data, **loading)
    wanted = None if labels is None else resolve_labels(labels, rows)
    teacher = load_tagger(tagger) if tagger else TransformersTagger(model, device, problem_type)
    failures = teach(rows, teacher, output, tagger or str(model), wanted, batch_size, overwrite, announcer(quiet))
    for failure in failures:
        say(f"Not read: {failure}")
    if not quiet:
        say(f"Wrote {output}.")
    return 2 if failures else 0
