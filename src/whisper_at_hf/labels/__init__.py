"""The 527 labels of AudioSet, in the order of the original Whisper-AT's outputs.

`audioset.csv` is AudioSet's `class_labels_indices.csv` (Google, CC BY 4.0),
http://storage.googleapis.com/us_audioset/youtube_corpus/v1/csv/class_labels_indices.csv.
"""

import csv
from functools import cache
from importlib.resources import files


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = (files(__name__) / "audioset.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def audioset_labels() -> list[str]:
    """Display names such as "Speech", by index."""
    return [row["display_name"] for row in _rows()]


def audioset_mids() -> list[str]:
    """Machine ids such as "/m/09x0r", by index."""
    return [row["mid"] for row in _rows()]
