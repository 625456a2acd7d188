"""A teacher's probabilities per clip, read from a file."""

from pathlib import Path

import numpy as np
from datasets import Dataset

from ..data.csv_files import read_cells, read_header
from ..data.schema import count
from ..errors import InputError


def load_teacher(path: str | Path, dataset: Dataset, labels: list[str]) -> np.ndarray:
    """Probabilities for every row of `dataset`.

    Args:
        path: CSV with the header `path,<label>,<label>,...` and one row per clip; paths are absolute or relative to
            the CSV's folder.
        dataset: rows with `path`.
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
    known = {str((folder / row["path"]).resolve()): row for _, row in read_cells(str(path))}
    wanted = [str(Path(clip).resolve()) for clip in dataset["path"]]
    absent = [clip for clip in wanted if clip not in known]
    if absent:
        raise InputError(f"'{path}' has no row for {count(len(absent), 'clip')}, for instance {absent[0]}; add them.")
    return np.stack([_probabilities(known[clip], labels, path) for clip in wanted])


def _probabilities(row: dict[str, str], labels: list[str], path: str | Path) -> np.ndarray:
    try:
        values = np.array([float(row[label]) for label in labels], dtype=np.float32)
    except ValueError:
        values = np.array([np.nan])
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"'{path}' holds something other than probabilities from 0 to 1 for {row['path']}.")
    return values
