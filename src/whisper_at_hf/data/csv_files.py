"""Clips listed in a CSV file."""

import csv
import math
import os
from collections.abc import Callable, Iterator, Mapping

from datasets import Dataset

from ..errors import InputError
from .schema import OnMissing, build_dataset, display_name, only_existing, refuse_missing, settle_missing, unreadable

PATH_COLUMNS = ("path", "filename", "file", "audio")
LABEL_COLUMNS = ("label", "labels", "category", "class")
LABEL_SEPARATOR = ";"


def load_csv(
    path: str | os.PathLike,
    root: str | os.PathLike | None = None,
    audio_column: str | None = None,
    label_column: str | None = None,
    fold_column: str | None = None,
    on_missing: OnMissing = refuse_missing,
) -> Dataset:
    """Load clips from a CSV file with a header: `path,label[,fold][,start,end]`; more columns are ignored.

    Several labels are separated by ";"; a label that holds a comma stands in quotes, `"Waves, surf;Wind"`. Under the
    header `labels` a cell may be empty: a clip in which none of the labels is heard. `start` and `end` are seconds
    within the file, either of them may be empty.

    Args:
        path: the CSV file, in UTF-8.
        root: the folder that relative paths start from; by default the CSV file's own.
        audio_column, label_column, fold_column: columns to read instead of `path` (or `filename`, ...), `label` (or
            `labels`, `category`, ...) and `fold`.
        on_missing: called with the list of files that do not exist; `warn_missing` or a list's `extend` go on
            without them.

    Returns:
        a dataset with the columns `path` (absolute), `labels`, and `fold`, `start`, `end` where the file has them.

    Raises:
        InputError: the file cannot be read, lacks a column, has no rows, or a row with an empty or wrong cell
            (named with its line); clips are missing and `on_missing` refuses.
    """
    name = os.fspath(path)
    header = read_header(name)
    columns = {
        "path": _column(header, audio_column, PATH_COLUMNS, name),
        "labels": _column(header, label_column, LABEL_COLUMNS, name),
    }
    if fold_column is not None or "fold" in header:
        columns["fold"] = _column(header, fold_column, ("fold",), name)
    columns |= {key: key for key in ("start", "end") if key in header}
    folder = os.path.dirname(name) if root is None else root
    return read_clips(name, columns, folder, on_missing, silence=columns["labels"] == "labels")


def read_clips(
    path: str,
    columns: Mapping[str, str],
    root: str | os.PathLike,
    on_missing: OnMissing,
    keep: Callable[[Mapping[str, str]], bool] = lambda cells: True,
    silence: bool = False,
) -> Dataset:
    """Read the clips of a CSV file whose columns are known.

    Args:
        columns: the file's column for each column of the dataset.
        keep: tells from a line's cells, by the file's columns, whether it belongs to the dataset.
        silence: take clips without labels.

    Raises:
        InputError: as `load_csv`.
    """
    folder = os.path.abspath(root)
    clips = (
        _clip({key: cells[column] for key, column in columns.items()}, folder, where, silence)
        for where, cells in read_cells(path)
        if keep(cells)
    )
    missing: list[str] = []
    dataset = build_dataset(only_existing(clips, missing), list(columns))
    return settle_missing(dataset, missing, repr(path), on_missing)


def read_header(path: str) -> list[str]:
    """The names of a CSV file's columns.

    Raises:
        InputError: the file cannot be read or is empty.
    """
    for _, row in read_rows(path):
        return [cell.strip() for cell in row]
    raise InputError(f"{path!r} is empty: give it a header and one line a clip.")


def read_cells(path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield `(where, {column: cell})` of every line below the header; `where` names the file and line in messages.

    Raises:
        InputError: the file cannot be read, or a line has more or fewer cells than the header.
    """
    header = read_header(path)
    lines = read_rows(path)
    next(lines)
    for line, row in lines:
        where = f"{path!r}, line {line}"
        if len(row) != len(header):
            raise InputError(
                f"{where}: {len(row)} cells under a header of {len(header)}: put cells that hold a comma in quotes."
            )
        yield where, dict(zip(header, map(str.strip, row), strict=True))


def read_rows(path: str, **dialect: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield `(line number, cells)` of every line that is not blank.

    Raises:
        InputError: the file cannot be read as CSV in UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:  # Excel starts files with a byte order mark
            reader = csv.reader(file, **dialect)
            for row in reader:
                if row:
                    yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise InputError(f"{path!r} is not in UTF-8: save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise InputError(f"{path!r} is no CSV file ({error}): check line {reader.line_num}.") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _column(header: list[str], chosen: str | None, usual: tuple[str, ...], name: str) -> str:
    column = chosen if chosen is not None else next((one for one in usual if one in header), usual[0])
    if column not in header:
        raise InputError(f"{name!r} has no column {column!r}, only {', '.join(header)}: rename or choose a column.")
    return column


def _clip(cells: dict[str, str], folder: str, where: str, silence: bool) -> dict:
    for key in ("path", "fold"):
        if not cells.get(key, "given"):
            raise InputError(f"{where}: the {key} is empty: fill in the cell or delete the line.")
    labels = [display_name(label) for part in cells["labels"].split(LABEL_SEPARATOR) if (label := part.strip())]
    if not labels and not silence:
        raise InputError(f"{where}: the label is empty: fill in the cell or delete the line.")
    clip = {"path": os.path.normpath(os.path.join(folder, cells["path"])), "labels": list(dict.fromkeys(labels))}
    if "fold" in cells:
        clip["fold"] = cells["fold"]
    times = {key: _seconds(cells[key], key, where) for key in ("start", "end") if key in cells}
    start, end = times.get("start"), times.get("end")
    if end is not None and end <= (start or 0.0):
        raise InputError(f"{where}: the clip ends at {end:g} s, not after its start at {start or 0.0:g} s.")
    return clip | times


def _seconds(cell: str, key: str, where: str) -> float | None:
    if not cell:
        return None
    try:
        seconds = float(cell)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise InputError(f"{where}: {key} is {cell!r}: give seconds from the start of the file, such as 2.5.")
    return seconds
