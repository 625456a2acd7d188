"""Where results go: a folder, or any store that fsspec reaches (s3://, gs://, ...). Files are there whole or not at all."""

import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from ..errors import InputError, first_line
from ..files import make_folder, whole_or_nothing

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
        try:
            self._fs, self._root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise InputError(f"'{address}' is no place for results ({first_line(error)}); name a folder.") from error
        self.folder = Path(self._root) if self._fs.protocol in ("file", ("file", "local")) else None
        if self.folder is not None:
            make_folder(self.folder)

    def names(self, folder: str) -> set[str]:
        """The names of the files in a folder of it, which may be missing."""
        try:
            return {found.rsplit("/", 1)[-1] for found in self._again(self._fs.ls, self._path(folder), detail=False)}
        except FileNotFoundError:
            return set()

    def read(self, name: str) -> bytes | None:
        """A file's content; None if there is none."""
        try:
            return self._again(self._fs.cat_file, self._path(name))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, or in the place of one. Raises InputError where that fails."""
        try:
            if self.folder is None:
                self._again(self._fs.pipe_file, self._path(name), content)
                return
            path = make_folder((self.folder / name).parent) / Path(name).name
            with whole_or_nothing(path) as draft:
                draft.write_bytes(content)
        except OSError as error:
            raise InputError(
                f"'{self._path(name)}' cannot be written ({error.strerror or first_line(error)}); what is finished is "
                "kept: mend that, and run the same command again."
            ) from error

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _again(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        """Do something that may fail for a moment, where that is a network's."""
        for wait in WAITS if self.folder is None else ():
            try:
                return act(*args, **kwargs)
            except FileNotFoundError:
                raise
            except (OSError, TimeoutError):
                time.sleep(wait)
        return act(*args, **kwargs)

    @contextmanager
    def locked(self, name: str, patience: float = 0.0) -> Any:
        """While open, no other run has that lock. Raises InputError if one has it for `patience` seconds.

        Stores that are not folders have no locks: two runs there do the same work twice, and write the same files.
        """
        if self.folder is None:
            yield
            return
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / name)
        try:
            lock.acquire(timeout=patience)
        except Timeout:
            raise InputError(
                f"Another run is writing to '{self.address}'; wait for it, or give each run its --share of the work."
            ) from None
        except OSError as error:
            raise InputError(
                f"'{self.address}' cannot be written ({error.strerror}); name another --output."
            ) from error
        try:
            yield
        finally:
            lock.release()
