"""Where the result of each file lies below the folder for all of them."""

import os
import posixpath
from collections.abc import Iterable
from pathlib import PurePath


def places(sources: Iterable[str]) -> dict[str, PurePath]:
    """The place of each source's result below the folder, still without the suffix of its format.

    Results lie side by side, named as their files are. Where that would give two files one place, all results lie as
    their files do below the folder that these have in common. Only one file given twice has one place.
    """
    parts = {source: _parts(located(source)) for source in sources}
    different = set(parts.values())
    # Names that differ in case alone are one to some file systems.
    if len({names[-1].casefold() for names in different}) == len(different):
        return {source: PurePath(names[-1]) for source, names in parts.items()}
    common = len(os.path.commonprefix([names[:-1] for names in different]))
    return {source: PurePath(*names[common:]) for source, names in parts.items()}


def located(source: str) -> str:
    """The absolute path of a file; URLs as they are."""
    return source if _is_url(source) else os.path.abspath(source)


def _parts(location: str) -> tuple[str, ...]:
    """Folders and name, nowhere `..`; a URL's host is its first folder."""
    path = posixpath.normpath("/" + location.partition("://")[2]) if _is_url(location) else location
    return PurePath(path).parts[1:] or ("audio",)


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))
