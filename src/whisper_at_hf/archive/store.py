"""Where results go: a folder, or any store that fsspec reaches (s3://, gs://). Files are there whole or not at all."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from ..errors import InputError, first_line
from ..files import make_folder, remove_drafts, whole_or_nothing

# A store over a network may be away for a moment: seconds to wait before each further try.
WAITS = (1.0, 5.0, 20.0)


class Store:
    """A folder, here or elsewhere.

    Args:
        address: a path, or a URL of fsspec's.

    Raises:
        InputError: nothing can be written there.
    """

    def __init__(self, address: str):
        self.address = address
        if not address:  # such as a variable that is not set: fsspec would take the current folder
            raise InputError("The output is empty; name a folder.")
        try:
            self._fs, self._root = fsspec.core.url_to_fs(address)
        except Exception as error:  # some connect at once, and each by a library with errors of its own
            raise InputError(f"'{address}' is no place for results ({first_line(error)}); name a folder.") from error
        if isinstance(self._fs, MemoryFileSystem):
            raise InputError(f"'{address}' would end with each process; name a folder.")
        self.folder = Path(self._root) if isinstance(self._fs, LocalFileSystem) else None
        if self.folder is not None:
            make_folder(self.folder)

    def names(self, folder: str) -> set[str]:
        """The names of the files in a folder of it, which may be missing."""
        found = self._read(lambda path: self._fs.ls(path, detail=False, refresh=True), folder)
        return {name.rsplit("/", 1)[-1] for name in found or ()}

    def read(self, name: str) -> bytes | None:
        """A file's content; None if there is none."""
        return self._read(self._fs.cat_file, name)

    def open(self, name: str) -> BinaryIO:
        """A file, to read a part of it; FileNotFoundError if there is none."""
        found = self._read(lambda path: self._fs.open(path, "rb"), name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, or in the place of one. Raises InputError where that fails."""
        try:
            if self.folder is None:
                path = self._path(name)
                self._again(lambda: self._fs.makedirs(path.rpartition("/")[0], exist_ok=True))
                self._again(lambda: self._fs.pipe_file(path, content))
                return
            path = make_folder((self.folder / name).parent) / Path(name).name
            with whole_or_nothing(path) as draft:
                draft.write_bytes(content)
        except self._failures as error:
            raise InputError(
                f"'{self._path(name)}' cannot be written ({_reason(error)}); what is finished is kept: mend that, and "
                "run the same command again."
            ) from error

    def remove(self, name: str) -> None:
        """Delete a file, or a folder and what is in it, if there is one. Raises InputError where that fails."""
        self._read(lambda path: self._fs.rm(path, recursive=True), name)

    def remove_drafts(self, folder: str) -> None:
        """Delete what killed runs have left half written there; nobody may be writing."""
        if self.folder is not None:
            remove_drafts(self.folder / folder)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @property
    def _failures(self) -> type[Exception]:
        """What goes wrong where: the libraries behind fsspec raise errors of their own."""
        return Exception if self.folder is None else OSError

    def _read(self, act: Callable[[str], Any], name: str) -> Any:
        """What `act` gives for a path; None where there is nothing."""
        try:
            return self._again(lambda: act(self._path(name)))
        except FileNotFoundError:
            return None
        except self._failures as error:
            raise InputError(f"'{self._path(name)}' cannot be read ({_reason(error)}); mend that.") from error

    def _again(self, act: Callable[[], Any]) -> Any:
        """Do something that may fail for a moment, where that is a network's."""
        for wait in WAITS if self.folder is None else ():
            try:
                return act()
            except FileNotFoundError:
                raise
            except Exception:
                time.sleep(wait)
        return act()

    @contextmanager
    def locked(self, name: str, patience: float = 0.0) -> Iterator[None]:
        """While open, no other run has that lock. Raises InputError if one has it for `patience` seconds.

        Stores that are not folders have no locks: two runs there do the same work twice, and write the same files.
        """
        if self.folder is None:
            yield
            return
        lock = FileLock(self.folder / name)
        try:
            lock.acquire(timeout=patience)
        except Timeout:
            raise InputError(
                f"Another run is writing to '{self.address}'; wait for it, or give each run its --share of the work."
            ) from None
        except (OSError, NotImplementedError) as error:  # read-only, or a file system without locks
            raise InputError(
                f"'{self.address}' cannot be written ({_reason(error)}); name another --output."
            ) from error
        try:
            yield
        finally:
            lock.release()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or first_line(error)
