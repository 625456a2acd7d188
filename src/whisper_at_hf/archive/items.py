"""The files of a job: those of a folder, a list, a table, tar shards or a saved data set."""

import csv
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from ..data.folders import is_audio_file
from ..errors import InputError

# Columns of a table that hold paths.
PATH_COLUMNS = ("path", "file", "audio", "file_name")


@dataclass(frozen=True)
class Item:
    """A file of a job.

    Attributes:
        id: its name in the results, different from those of all others: the path below the folder that was given, the
            entry of the list, `SHARD.tar/MEMBER`, or the row of the data set.
        path: of the file, of the tar that it is a member of, or of the saved data set; or a URL.
        place: where in that it lies: the byte at which a tar member's header begins, the row of a data set.
        size: bytes; 0 where it is not known.
        kind: "file", "tar" or "dataset".
    """

    id: str
    path: str
    place: int = 0
    size: int = 0
    kind: str = "file"

    def read(self) -> Any:
        """What `load_audio` takes. Raises OSError or InputError where it cannot be read."""
        if self.kind == "file":
            return self.path
        if self.kind == "dataset":
            sound = _saved_dataset(self.path)[self.place]
            return {"path": sound.get("path"), "bytes": sound.get("bytes")}
        return {"path": self.id, "bytes": self._member()}

    def _member(self) -> bytes:
        """Its bytes in the tar, if that still holds it at that place."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.place)
                with tarfile.open(fileobj=file, mode="r:") as tar:
                    member = tar.firstmember
                    if member is not None and self.id == _member_id(self.path, member.name):
                        return tar.extractfile(member).read()
        except tarfile.TarError:
            pass
        raise InputError(f"'{self.path}' was changed, '{self.id}' is no longer there; begin anew in another --output.")


def list_items(source: str | os.PathLike) -> list[Item]:
    """The files that a source names, in an order that does not depend on the file system.

    Args:
        source: one of
            - a folder: all audio and video files in it and below it, told by their suffix; hidden ones are left out.
              Links to files are followed; links to folders are not, since they may lead in circles;
            - a folder with .tar files alone, or a .tar file: their audio members (WebDataset's shards);
            - a folder saved by `datasets.Dataset.save_to_disk`, with an audio column;
            - a .txt file with a path or URL a line;
            - a .csv or .parquet file with a column `path` (or `file`, `audio`, `file_name`).
            Relative paths are those from the folder of the list.

    Raises:
        InputError: there is no such source, no files in it, or a file twice.
    """
    if not os.fspath(source):  # such as a variable that is not set: it would be the current folder
        raise InputError("The source is empty; name a folder, a list (.txt, .csv, .parquet) or a .tar.")
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
        files = sorted(_audio_files(path))
        tars = sorted(path.glob("*.tar"))
        if tars and not files:
            return (item for tar in tars for item in _tar_items(tar))
        return (_file_item(os.path.relpath(file, path), os.path.abspath(file)) for file in files)
    if path.suffix == ".tar":
        return _tar_items(path)
    if path.suffix in (".txt", ".csv", ".parquet"):
        return (_file_item(name, _located(name, path.parent)) for name in _listed(path))
    if not path.exists():
        raise InputError(f"There is no '{path}'; name a folder, a list (.txt, .csv, .parquet) or a .tar.")
    return iter([_file_item(path.name, os.path.abspath(path))])


def _audio_files(folder: Path) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(place, name) for name in files if not name.startswith(".") and is_audio_file(name))


def _located(name: str, folder: Path) -> str:
    return name if name.startswith(("http://", "https://")) else os.path.abspath(folder / name)


def _file_item(name: str, path: str) -> Item:
    try:
        size = os.stat(path).st_size
    except (OSError, ValueError):  # gets a row that says so when its turn comes
        size = 0
    return Item(printable(name).replace(os.sep, "/"), path, size=size)


def printable(name: str) -> str:
    """A file name, its bytes written out where they are not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _tar_items(path: Path) -> Iterator[Item]:
    """Audio members, which are read where they lie: nothing is unpacked, so names cannot lead anywhere."""
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            if member.isfile() and not member.sparse and is_audio_file(PurePosixPath(member.name).name):
                yield Item(
                    _member_id(path, member.name), os.path.abspath(path), member.offset, member.size, kind="tar"
                )
            tar.members.clear()  # or they would all stay in memory


def _member_id(path: str | os.PathLike, name: str) -> str:
    return f"{printable(os.path.basename(path))}/{printable(name)}"


def _listed(path: Path) -> list[str]:
    if path.suffix == ".txt":
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    if path.suffix == ".csv":
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            column = _path_column(path, rows.fieldnames or [])
            return [row[column] for row in rows if row[column]]
    from pyarrow import ArrowException, parquet

    from .tables import read_table

    try:
        column = _path_column(path, parquet.read_schema(path).names)
        return [str(name) for name in read_table(path, [column])[column].to_pylist() if name]
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
