"""A store like one over a network: no folder to us, answers late, fails every other time."""

import time

from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

DELAY = 0.2


class LateStore(DirFileSystem):
    """`late:///FOLDER`: files in FOLDER."""

    protocol = "late"
    cachable = False
    calls = 0

    def __init__(self, **options):
        super().__init__(path="/", fs=LocalFileSystem(), **options)

    def _late(self):
        time.sleep(DELAY)
        type(self).calls += 1
        if self.calls % 2:
            raise TimeoutError("no answer")

    def ls(self, path, detail=True, **options):
        """Names in a folder."""
        self._late()
        return super().ls(path, detail=detail)

    def cat_file(self, path, **options):
        """What a file holds."""
        self._late()
        return super().cat_file(path, **options)

    def pipe_file(self, path, value, **options):
        """Writes a file."""
        self._late()
        return super().pipe_file(path, value)
