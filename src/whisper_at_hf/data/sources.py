"""One call for every kind of data that users have."""

import os
import re
from typing import Any

from datasets import Dataset, DatasetDict

from ..errors import InputError
from .audioset import is_segment_list, load_audioset
from .csv_files import load_csv
from .esc import META_FILE, load_esc
from .folders import load_folder
from .hub import is_saved_dataset, load_hub
from .schema import OnMissing

COLUMNS = ("audio_column", "label_column", "fold_column")
LABELS_FILE = "labels.csv"
ESC10_SPLIT = "esc10"
# "name" or "owner/name", as ids on the hub are.
HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")


def load_data(
    source: str | os.PathLike | Dataset | DatasetDict,
    split: str | None = None,
    clips: str | os.PathLike | None = None,
    subset: str | None = None,
    audio_column: str | None = None,
    label_column: str | None = None,
    fold_column: str | None = None,
    on_missing: OnMissing | None = None,
) -> Dataset:
    """Load labelled clips, whatever form they come in.

    Args:
        source: one of
            - a CSV file (`load_csv`), or a folder that holds one named labels.csv;
            - a segment list of AudioSet (`load_audioset`), with its `clips`;
            - a folder of ESC-50 (`load_esc`);
            - a folder that `datasets` saved, a dataset on the hub, or a dataset in memory (`load_hub`);
            - a folder with one folder per class (`load_folder`).
        split: of a hub's or saved dataset; the folder of that name in a folder of splits; "esc10" of ESC-50.
        clips: the folder of AudioSet's clips; for a CSV file, the folder that relative paths start from.
        subset: the configuration of a dataset on the hub.
        audio_column, label_column, fold_column: columns of a CSV file or dataset with other names than the usual.
        on_missing: what to do about clips that do not exist, see `load_csv`. By default all loaders stop, but
            AudioSet's, which warns and goes on.

    Returns:
        a dataset with the columns `path` (absolute) or `audio` (`{"path", "bytes"}`), `labels` (list of str), and
        where known `fold` (str), `start` and `end` (seconds).

    Raises:
        InputError: there is nothing to load at `source`, an argument does not apply to it, or the loader's own.
    """
    arguments = {
        "split": split,
        "clips": clips,
        "subset": subset,
        "audio_column": audio_column,
        "label_column": label_column,
        "fold_column": fold_column,
    }
    given = {name: value for name, value in arguments.items() if value is not None}
    handling = {} if on_missing is None else {"on_missing": on_missing}
    if not isinstance(source, str | os.PathLike):
        return load_hub(source, **_only(given, "the dataset", "split", *COLUMNS), **handling)
    name = os.fspath(source)
    if os.path.isdir(name):
        return _load_directory(name, given, handling)
    if os.path.isfile(name):
        return _load_file(name, given, handling)
    if not HUB_ID.fullmatch(name) or name.lower().endswith(".csv"):
        raise InputError(f"{name!r} does not exist: pass a CSV file, a folder, or the id of a dataset on the hub.")
    return load_hub(name, **_only(given, repr(name), "split", "subset", *COLUMNS), **handling)


def _load_file(path: str, given: dict[str, Any], handling: dict[str, OnMissing]) -> Dataset:
    if not path.lower().endswith(".csv"):
        raise InputError(f"{path!r} is no data to train on: pass a CSV file, a folder, or a dataset on the hub.")
    if is_segment_list(path):
        if "clips" not in given:
            raise InputError(f"{path!r} lists segments of AudioSet: pass the folder of their clips too.")
        return load_audioset(path, _only(given, repr(path), "clips")["clips"], **handling)
    columns = _only(given, repr(path), "clips", *COLUMNS)
    return load_csv(path, root=columns.pop("clips", None), **columns, **handling)


def _load_directory(path: str, given: dict[str, Any], handling: dict[str, OnMissing]) -> Dataset:
    if is_saved_dataset(path):
        return load_hub(path, **_only(given, repr(path), "split", *COLUMNS), **handling)
    if os.path.isfile(os.path.join(path, META_FILE)):
        split = _only(given, repr(path), "split").get("split")
        if split not in (None, ESC10_SPLIT):
            raise InputError(f"ESC-50 in {path!r} has no split {split!r}: choose {ESC10_SPLIT!r}, or none for all.")
        return load_esc(path, esc10=split == ESC10_SPLIT, **handling)
    if "split" in given and os.path.isdir(os.path.join(path, given["split"])):
        rest = {name: value for name, value in given.items() if name != "split"}
        return _load_directory(os.path.join(path, given["split"]), rest, handling)
    if os.path.isfile(os.path.join(path, LABELS_FILE)):
        return _load_file(os.path.join(path, LABELS_FILE), given, handling)
    _only(given, repr(path))
    return load_folder(path)


def _only(given: dict[str, Any], source: str, *names: str) -> dict[str, Any]:
    """The given arguments, all of which must be among `names`."""
    if wrong := [name for name in given if name not in names]:
        raise InputError(f"{wrong[0]} {given[wrong[0]]!r} does not apply to {source}: leave it out.")
    return given
