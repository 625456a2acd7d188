"""The table of results: one row a file."""

from collections.abc import Mapping
from typing import Any

import pyarrow

# Raised when columns change.
SCHEMA_VERSION = 1

_SCORED = [("label", pyarrow.string()), ("score", pyarrow.float32())]
_TIMED = [("start", pyarrow.float64()), ("end", pyarrow.float64())]
# Times are seconds from the start of the file. A file that failed has an `error` and no results; `error` is null for
# all others, whose `warning` says if only a part of the file could be decoded. What was not asked for is null.
SCHEMA = pyarrow.schema(
    [
        pyarrow.field("id", pyarrow.string(), nullable=False),
        pyarrow.field("path", pyarrow.string(), nullable=False),
        ("duration", pyarrow.float64()),
        ("text", pyarrow.string()),
        ("language", pyarrow.string()),
        ("chunks", pyarrow.list_(pyarrow.struct([("text", pyarrow.string()), *_TIMED]))),
        ("tags", pyarrow.list_(pyarrow.struct([*_TIMED, ("tags", pyarrow.list_(pyarrow.struct(_SCORED)))]))),
        ("events", pyarrow.list_(pyarrow.struct([*_SCORED, *_TIMED]))),
        ("model_hash", pyarrow.string()),
        ("head_hash", pyarrow.string()),
        ("version", pyarrow.string()),
        ("warning", pyarrow.string()),
        ("error", pyarrow.string()),
    ]
)


def result_row(result: Mapping[str, Any], duration: float) -> dict[str, Any]:
    """The pipeline's result for a file as columns, without those that say which file it is."""
    return {
        "duration": duration,
        "text": result.get("text"),
        "language": result.get("language"),
        "chunks": _rows(result.get("chunks"), "text"),
        "tags": _rows(result.get("audio_tags"), "tags"),
        "events": _rows(result.get("audio_events"), "label", "score"),
    }


def _rows(found: list[dict] | None, *kept: str) -> list[dict] | None:
    if found is None:
        return None
    return [
        {"start": row["timestamp"][0], "end": row["timestamp"][1], **{name: row[name] for name in kept}}
        for row in found
    ]
