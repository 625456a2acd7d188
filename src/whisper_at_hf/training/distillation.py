"""A teacher's probabilities per clip, read from a file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from datasets import Dataset

from ..data.csv_files import read_cells, read_header
from ..data.schema import count
from ..errors import InputError
from ..features.keys import segment


def load_teacher(path: str | Path, dataset: Dataset, labels: list[str]) -> np.ndarray:
    """Probabilities for every row of `dataset`.

    Args:
        path: CSV with the header `path[,start,end],<label>,<label>,...` and one row per clip, as `teach` writes it;
            paths are absolute or relative to the CSV's folder, start and end are seconds, empty for the file's own.
        dataset: rows with `path`, and `start` and `end` where clips are parts of files.
        labels: of the head, in order; each needs a column.

    Returns:
        `(clips, num_labels)` float32 in 0..1.

    Raises:
        InputError: a file that cannot be read, a missing column or clip, a value that is no probability, or a
            dataset without paths.
    """
    folder = Path(path).parent
    header = read_header(str(path))
    missing = [name for name in ("path", *labels) if name not in header]
    if missing:
        raise InputError(f"'{path}' has no column {', '.join(missing[:5])}; it needs path and one per label.")
    if "path" not in dataset.column_names:
        raise InputError("A teacher's file names clips by their path; train on audio files instead of a dataset.")
    known = {_named_clip(row, folder, path): row for _, row in read_cells(str(path))}
    wanted = [(str(Path(row["path"]).resolve()), *segment(row)) for row in _places(dataset)]
    absent = [clip for clip in wanted if clip not in known]
    if absent:
        raise InputError(
            f"'{path}' has no row for {count(len(absent), 'clip')}, for instance {absent[0][0]}; add them."
        )
    return np.stack([_probabilities(known[clip], labels, path) for clip in wanted])


def _places(dataset: Dataset) -> Iterator[dict]:
    columns = [name for name in ("path", "start", "end") if name in dataset.column_names]
    yield from dataset.select_columns(columns)


def _named_clip(row: dict[str, str], folder: Path, path: str | Path) -> tuple[str, float, float | None]:
    try:
        times = {name: float(row[name]) for name in ("start", "end") if row.get(name)}
    except ValueError:
        raise InputError(f"'{path}' has a start or end that is no number of seconds for {row['path']}.") from None
    if "\0" in row["path"]:
        raise InputError(f"'{path}' has the path {row['path']!r}, which no file can have; correct it.")
    return (str((folder / row["path"]).resolve()), *segment(times))


def _probabilities(row: dict[str, str], labels: list[str], path: str | Path) -> np.ndarray:
    try:
        values = np.array([float(row[label]) for label in labels], dtype=np.float32)
    except ValueError:
        values = np.array([np.nan])
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"'{path}' holds something other than probabilities from 0 to 1 for {row['path']}.")
    return values
