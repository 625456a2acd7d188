"""The files of a job: those of a folder, a list, a table, tar shards or a saved data set."""

import csv
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from ..data.folders import audio_files, is_audio_file
from ..errors import InputError

# Columns of a table that hold paths.
PATH_COLUMNS = ("path", "file", "audio", "file_name")


@dataclass(frozen=True)
class Item:
    """A file of a job.

    Attributes:
        id: its name in the results, different from those of all others: the path below the folder that was given, the
            entry of the list, `SHARD.tar/MEMBER`, or the row of the data set.
        path: of the file, of the tar that it is a member of, or of the saved data set.
        place: where in that it lies: for a member of a tar the byte at which it begins, for a data set the row.
        size: bytes; 0 where it is not known.
        kind: "file", "tar" or "dataset".
    """

    id: str
    path: str
    place: int = 0
    size: int = 0
    kind: str = "file"

    def read(self) -> Any:
        """What `load_audio` takes. Raises OSError where it cannot be read."""
        if self.kind == "file":
            return self.path
        if self.kind == "dataset":
            sound = _saved_dataset(self.path)[self.place]
            return {"path": sound.get("path"), "bytes": sound.get("bytes")}
        with open(self.path, "rb") as file:
            file.seek(self.place)
            return {"path": PurePosixPath(self.id).name, "bytes": file.read(self.size)}


def list_items(source: str | os.PathLike) -> list[Item]:
    """The files that a source names, in an order that does not depend on the file system.

    Args:
        source: one of
            - a folder: all audio and video files in it and below it, told by their suffix; hidden ones are left out;
            - a folder with .tar files alone, or a .tar file: their audio members (WebDataset's shards);
            - a folder saved by `datasets.Dataset.save_to_disk`, with an audio column;
            - a .txt file with a path a line;
            - a .csv or .parquet file with a column `path` (or `file`, `audio`, `file_name`).
            Relative paths are those from the folder of the list.

    Raises:
        InputError: there is no such source, no files in it, or a file twice.
    """
    path = Path(source)
    try:
        items = list(_items(path))
    except (OSError, UnicodeDecodeError, tarfile.TarError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read ({error}); check the path.") from error
    if not items:
        raise InputError(f"'{path}' holds no audio files; name a folder, a list (.txt, .csv, .parquet) or a .tar.")
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise InputError(f"'{path}' names '{item.id}' twice; keep it once.")
        seen.add(item.id)
    return items


def _items(path: Path) -> Iterator[Item]:
    if path.is_dir():
        if (path / "dataset_info.json").exists() or (path / "state.json").exists():
            return _dataset_items(path)
        files = sorted(audio_files(str(path)))
        tars = sorted(path.glob("*.tar"))
        if tars and not files:
            return (item for tar in tars for item in _tar_items(tar))
        return (_file_item(_printable(os.path.relpath(file, path)), file) for file in files)
    if path.suffix == ".tar":
        return _tar_items(path)
    if path.suffix in (".txt", ".csv", ".parquet"):
        return (_file_item(name, str(path.parent / name)) for name in _listed(path))
    if not path.exists():
        raise InputError(f"There is no '{path}'; name a folder, a list (.txt, .csv, .parquet) or a .tar.")
    return iter([_file_item(_printable(path.name), str(path))])


def _file_item(name: str, path: str) -> Item:
    try:
        size = os.stat(path).st_size
    except OSError:  # gets a row that says so when its turn comes
        size = 0
    return Item(name.replace(os.sep, "/"), os.path.abspath(path), size=size)


def _printable(name: str) -> str:
    """A file name that is not UTF-8, with its bytes written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _tar_items(path: Path) -> Iterator[Item]:
    """Audio members, which are read where they lie: nothing is unpacked, so names cannot lead anywhere."""
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            if member.isfile() and not member.sparse and is_audio_file(PurePosixPath(member.name).name):
                name = f"{_printable(path.name)}/{_printable(member.name)}"
                yield Item(name, os.path.abspath(path), member.offset_data, member.size, "tar")


def _listed(path: Path) -> list[str]:
    if path.suffix == ".txt":
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if path.suffix == ".csv":
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            column = _path_column(path, rows.fieldnames or [])
            return [row[column] for row in rows if row[column]]
    from pyarrow import ArrowException, parquet

    try:
        column = _path_column(path, parquet.read_schema(path).names)
        return [str(name) for name in parquet.read_table(path, columns=[column])[column].to_pylist() if name]
    except ArrowException as error:
        raise InputError(f"'{path}' is no Parquet file ({error}); check the file.") from error


def _path_column(path: Path, names: list[str]) -> str:
    column = next((name for name in PATH_COLUMNS if name in names), None)
    if column is None:
        raise InputError(f"'{path}' has no column {' or '.join(PATH_COLUMNS)}, only {', '.join(names)}; rename one.")
    return column


def _dataset_items(path: Path) -> Iterator[Item]:
    sounds = _saved_dataset(str(path))
    return (Item(f"{row:09d}", str(path.resolve()), row, kind="dataset") for row in range(len(sounds)))


@lru_cache(maxsize=4)
def _saved_dataset(path: str) -> Any:
    """The audio column of a saved data set, undecoded."""
    from datasets import Audio, load_from_disk

    dataset = load_from_disk(path)
    features = getattr(dataset, "features", None)
    if features is None:
        raise InputError(f"'{path}' holds several splits; name the folder of one.")
    column = next((name for name, feature in features.items() if isinstance(feature, Audio)), None)
    if column is None:
        raise InputError(f"The data set in '{path}' has no audio column, only {', '.join(features)}; cast one.")
    return dataset.cast_column(column, Audio(decode=False))[column]
