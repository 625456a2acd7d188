"""Puts the result of a file together: its text from pieces that were decoded on their own, and streamed parts."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def join_parts(parts: Iterable[tuple[float, float, dict[str, Any]]]) -> dict[str, Any]:
    """One transcript.

    Args:
        parts: in order, where each begins, up to where it may reach (seconds from the start of the file), and the
            result of the stock pipeline for it, with times from its own start.

    Returns:
        `text`, and `chunks` if the parts have them, with times on the file's clock. A chunk without an end ends with
        its part.
    """
    parts = list(parts)
    result: dict[str, Any] = {"text": "".join(part["text"] for _, _, part in parts)}
    if all("chunks" in part for _, _, part in parts):
        result["chunks"] = [_on_clock(chunk, begin, end) for begin, end, part in parts for chunk in part["chunks"]]
    return result


def _on_clock(chunk: dict[str, Any], begin: float, end: float) -> dict[str, Any]:
    if "timestamp" not in chunk:  # asked for languages only
        return chunk
    first, last = (end if seconds is None else min(begin + seconds, end) for seconds in chunk["timestamp"])
    return {**chunk, "timestamp": (round(first, 2), round(max(first, last), 2))}


def _concatenated(first: Any, second: Any) -> Any:
    """Texts or tags of neighbouring stretches as those of one."""
    if isinstance(first, dict):
        # The labels of event scores are those of the columns, which all stretches share.
        return {
            name: value if name == "labels" else _concatenated(value, second[name]) for name, value in first.items()
        }
    return np.concatenate([first, second]) if isinstance(first, np.ndarray) else first + second


def without_chunks(result: dict[str, Any]) -> dict[str, Any]:
    """A result for a caller who did not ask for times: text whose chunks only the speech gate needed."""
    return {name: value for name, value in result.items() if name != "chunks"}


def join_results(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The results of `stream` as one, of the form that the pipeline gives for a file."""
    joined: dict[str, Any] = {}
    for result in results:
        for name, value in result.items():
            if name == "language":
                joined.setdefault(name, value)
            elif name != "timestamp":
                joined[name] = _concatenated(joined[name], value) if name in joined else value
    # A stream gives events as they end.
    for events in (joined.get("audio_events", []), *joined.get("events_by_head", {}).values()):
        events.sort(key=_event_place)
    return joined


def _event_place(event: dict[str, Any]) -> tuple[float, float, str]:
    return event["timestamp"][0], -event["score"], event["label"]
