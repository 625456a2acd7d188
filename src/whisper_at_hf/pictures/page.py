"""One HTML page with the sound inside, to listen to what was said and heard and to click through it."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np

from ..figures import STYLES
from .contents import MAX_LABELS, Contents, read_contents, read_title
from .sound import SAMPLING_RATE, peaks, to_mp3

# The wave is drawn from at most so many columns, 60 ms each in an hour; and from 100 a second in short files.
WAVE_COLUMNS = 60_000
WAVE_COLUMNS_PER_SECOND = 100
# Heights and scores are written as whole hundredths.
HUNDREDTHS = 100
# What could end a script's text, or begin markup.
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def timeline_page(
    result: Mapping[str, Any], audio: Any = None, title: str | None = None, max_labels: int = MAX_LABELS
) -> str:
    """
    The page that `plot` writes to `.html` files: HTML that holds all it needs, the sound included, and asks nothing of
    any network. It works in a frame, too: `<iframe sandbox="allow-scripts" srcdoc="...">`.

    Arguments and errors are those of `plot`.
    """
    contents = read_contents(result, audio, max_labels)
    script, style = _file("page.js"), _file("page.css")
    parts = {
        "script": script,
        "script_hash": _hash(script),
        "style": style,
        "style_hash": _hash(style),
        "data": _json(_data(contents, read_title(title))),
        "sound": "" if contents.samples is None else f' src="{_data_uri(to_mp3(contents.samples))}"',
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _file("page.html"))


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a Content-Security-Policy names inline scripts and styles (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data_uri(mp3: bytes) -> str:
    return f"data:audio/mpeg;base64,{base64.b64encode(mp3).decode()}"


def _json(data: dict[str, Any]) -> str:
    """JSON in ASCII that can stand inside of a script element, whatever its texts are."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&]", lambda found: ESCAPES[found[0]], text)


def _data(contents: Contents, title: str) -> dict[str, Any]:
    """What the script draws; times in seconds, scores and heights in hundredths."""
    heat, samples = contents.heat, contents.samples
    columns = min(WAVE_COLUMNS, int(contents.seconds * WAVE_COLUMNS_PER_SECOND) + 1)
    return {
        "title": title,
        "seconds": contents.seconds,
        "chunks": [[_time(chunk.start), _time(chunk.end), chunk.text] for chunk in contents.chunks],
        "events": [
            [_time(event.start), _time(event.end), contents.event_labels.index(event.label), _hundredths(event.score)]
            for event in contents.events
        ],
        "eventLabels": contents.event_labels,
        "heat": heat
        and {
            "labels": heat.labels,
            "edges": [_time(edge) for edge in heat.edges],
            "scores": _hundredths(heat.scores),
        },
        "wave": None
        if samples is None
        else {"seconds": len(samples) / SAMPLING_RATE, "heights": _hundredths(peaks(samples, columns))},
        "colors": [color for color, _ in STYLES],
    }


def _time(seconds: float) -> float:
    return round(float(seconds), 2)


def _hundredths(values: Any) -> Any:
    return np.rint(np.asarray(values) * HUNDREDTHS).astype(int).tolist()
