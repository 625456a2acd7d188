"""Puts the text of a file together from pieces that were decoded on their own."""

from typing import Any


def join_parts(parts: list[tuple[float, float, dict[str, Any]]]) -> dict[str, Any]:
    """One transcript.

    Args:
        parts: in order, where each begins, up to where it may reach (seconds from the start of the file), and the
            result of the stock pipeline for it, with times from its own start.

    Returns:
        `text`, and `chunks` if the parts have them, with times on the file's clock. A chunk without an end ends with
        its part.
    """
    result: dict[str, Any] = {"text": "".join(part["text"] for _, _, part in parts)}
    if all("chunks" in part for _, _, part in parts):
        result["chunks"] = [_on_clock(chunk, begin, end) for begin, end, part in parts for chunk in part["chunks"]]
    return result


def _on_clock(chunk: dict[str, Any], begin: float, end: float) -> dict[str, Any]:
    if "timestamp" not in chunk:  # asked for languages only
        return chunk
    first, last = (end if seconds is None else min(begin + seconds, end) for seconds in chunk["timestamp"])
    return {**chunk, "timestamp": (round(first, 2), round(max(first, last), 2))}
