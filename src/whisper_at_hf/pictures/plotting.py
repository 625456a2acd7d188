"""`plot`: what was said and heard, as one picture or one page."""

import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..figures import save_figure
from ..files import write_atomically
from .contents import MAX_LABELS, read_contents, read_title
from .drawing import draw
from .page import timeline_page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".html")
KINDS = ("log-mel", "waveform")


def plot(
    result: Mapping[str, Any],
    path: str | PathLike | None = None,
    audio: Any = None,
    title: str | None = None,
    max_labels: int = MAX_LABELS,
    kind: str = "log-mel",
) -> "Figure | Path":
    """
    Draws a result over time: the sound, the text, how labels score, and the events. What is missing is left out.

    Args:
        result: what the pipeline returns for a file, best with `return_timestamps=True`, `return_events=True` and
            `return_event_scores=True`; or the same read back from JSON.
        path: a `.png` or `.svg` file, or a `.html` page with the sound inside, to listen and click through.
        audio: the sound, anything that `load_audio` takes.
        title: above it all.
        max_labels: at most so many rows of scores, and of events.
        kind: how the sound is drawn in pictures, "log-mel" or "waveform".

    Returns:
        the path, or without one the matplotlib figure.

    Raises:
        InputError: an argument makes no sense, there is nothing to draw, the sound cannot be read, the file cannot be
            written, or matplotlib is missing, which pages do not need.
    """
    is_page = path is not None and is_page_path(path)
    if kind not in KINDS:
        raise InputError(f"kind={kind!r} is not known; choose {' or '.join(map(repr, KINDS))}.")
    if is_page:
        write_atomically(Path(path), timeline_page(result, audio, title, max_labels))
        return Path(path)
    figure = draw(read_contents(result, audio, max_labels), read_title(title), kind)
    return figure if path is None else save_figure(figure, path)


def is_page_path(path: str | PathLike) -> bool:
    """Whether a file of that name is a page. Raises InputError for names of no picture or no file."""
    try:
        usable = isinstance(os.fspath(path), str) and b"\0" not in os.fsencode(path)
    except (TypeError, UnicodeEncodeError):
        usable = False
    if not usable:
        raise InputError(f"path={path!r} is no name of a file; name it .png, .svg or .html.")
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"'{path}' does not end as a picture does; name it .png, .svg or .html.")
    return suffix == ".html"
