"""AudioSet's lists of segments, https://research.google.com/audioset/download.html, with a folder of their clips."""

import os
from collections.abc import Iterator

from datasets import Dataset

from ..errors import InputError
from ..labels import audioset_mids
from .csv_files import read_rows
from .folders import audio_files
from .schema import OnMissing, build_dataset, display_name, settle_missing, warn_missing

SEGMENT_COLUMNS = 4  # YTID, start_seconds, end_seconds, positive_labels


def load_audioset(
    segments_csv: str | os.PathLike, clips_folder: str | os.PathLike, on_missing: OnMissing = warn_missing
) -> Dataset:
    """Load one of AudioSet's segment lists (`balanced_train_segments.csv`, ...) with the clips that you have of it.

    Args:
        segments_csv: lines `YTID, start_seconds, end_seconds, "mid,mid"` below comments that start with "#".
        clips_folder: holds the cut clips, also in folders of its own, named `<ytid>`, `<ytid>_<start>` or
            `<ytid>_<start>_<end>`, times in seconds or milliseconds, with or without a "Y" in front, and any suffix
            of an audio file.
        on_missing: called with the list of segments (`<ytid>_<start>_<end>`, as the list writes them) without a
            clip. By default they are left out with a warning that counts them: videos vanish from YouTube.

    Returns:
        a dataset with the columns `path` (absolute) and `labels` (display names).

    Raises:
        InputError: a file or folder cannot be read, a line is no segment or has a label that is none of the 527,
            not one clip is found, or what `on_missing` raises.
    """
    name = os.fspath(segments_csv)
    clips = _ClipIndex(os.path.abspath(clips_folder))
    missing: list[str] = []

    def rows() -> Iterator[dict]:
        for ytid, start, end, labels in _segments(name):
            path = clips.find(ytid, start, end)
            if path is None:
                missing.append(f"{ytid}_{start}_{end}")
            else:
                yield {"path": path, "labels": labels}

    dataset = build_dataset(rows(), ["path", "labels"])
    return settle_missing(dataset, missing, f"{name!r} with the clips in {clips.folder!r}", on_missing)


def is_segment_list(path: str | os.PathLike) -> bool:
    """Whether a CSV file starts as AudioSet's segment lists do.

    Raises:
        InputError: the file cannot be read.
    """
    for _, cells in read_rows(os.fspath(path), skipinitialspace=True):
        if cells[0].lstrip("# ") == "YTID":
            return True
        if not cells[0].startswith("#"):
            return False
    return False


def _segments(path: str) -> Iterator[tuple[str, str, str, list[str]]]:
    mids = frozenset(audioset_mids())
    for line, cells in read_rows(path, skipinitialspace=True):
        if cells[0].startswith("#") or cells[0] == "YTID":
            continue
        where = f"{path!r}, line {line}"
        if len(cells) != SEGMENT_COLUMNS:
            raise InputError(
                f"{where}: {len(cells)} cells instead of YTID, start_seconds, end_seconds, positive_labels: "
                "put the labels in quotes."
            )
        ytid, start, end, labels = (cell.strip() for cell in cells)
        names = [mid for mid in map(str.strip, labels.split(",")) if mid]
        if not names or not mids.issuperset(names):
            wrong = next((mid for mid in names if mid not in mids), "")
            raise InputError(f"{where}: {wrong!r} is no id of AudioSet's 527 labels: correct or delete the line.")
        if not _is_number(start) or not _is_number(end):
            raise InputError(f"{where}: start and end are {start!r} and {end!r}: give them in seconds.")
        yield ytid, start, end, list(dict.fromkeys(map(display_name, names)))


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


class _ClipIndex:
    """The audio files of a folder by their names without suffix, listed once."""

    def __init__(self, folder: str):
        self.folder = folder
        # Where each file lies and its suffix: the two are few, so a million files take little more than their names.
        places: dict[tuple[str, str], tuple[str, str]] = {}
        self._places: dict[str, tuple[str, str]] = {}
        for path in audio_files(folder):
            stem, suffix = os.path.splitext(os.path.basename(path))
            place = (os.path.dirname(path), suffix)
            self._places.setdefault(stem, places.setdefault(place, place))

    def find(self, ytid: str, start: str, end: str) -> str | None:
        """The path of a segment's clip, if there is one; names that hold the times come first."""
        for stem in _stems(ytid, start, end):
            for name in (stem, f"Y{stem}"):
                if (place := self._places.get(name)) is not None:
                    return os.path.join(place[0], name + place[1])
        return None


def _stems(ytid: str, start: str, end: str) -> Iterator[str]:
    """The names that downloaders give the clip of a segment from `start` to `end` (seconds)."""
    first, last = float(start), float(end)
    times = ((start, end), (f"{first:g}", f"{last:g}"), (f"{first * 1000:.0f}", f"{last * 1000:.0f}"))
    yield from (f"{ytid}_{begin}_{until}" for begin, until in times)
    yield from (f"{ytid}_{begin}" for begin, _ in times)
    yield ytid
