"""ESC-50 and its subset ESC-10 (Piczak 2015), laid out as in https://github.com/karolpiczak/ESC-50."""

import os

from datasets import Dataset

from ..errors import InputError
from .csv_files import read_clips, read_header
from .schema import OnMissing, refuse_missing

META_FILE = os.path.join("meta", "esc50.csv")
META_COLUMNS = ("filename", "fold", "category", "esc10")


def load_esc(folder: str | os.PathLike, esc10: bool = False, on_missing: OnMissing = refuse_missing) -> Dataset:
    """Load ESC-50, a folder with `meta/esc50.csv` and `audio/`, with its five official folds.

    Args:
        folder: the downloaded repository.
        esc10: only the 400 clips in the 10 classes of ESC-10.
        on_missing: called with the list of files that do not exist, see `load_csv`.

    Returns:
        a dataset with the columns `path`, `labels`, `fold`.

    Raises:
        InputError: the folder is laid out differently, or clips are missing and `on_missing` refuses.
    """
    meta = os.path.join(folder, META_FILE)
    header = read_header(meta)
    if absent := [column for column in META_COLUMNS if column not in header]:
        raise InputError(f"{meta!r} has no column {absent[0]!r}, only {', '.join(header)}: download ESC-50 again.")
    columns = {"path": "filename", "labels": "category", "fold": "fold"}
    audio = os.path.join(folder, "audio")
    return read_clips(meta, columns, audio, on_missing, lambda cells: not esc10 or cells["esc10"] == "True")
