"""Whether a result has the form that the pipeline gives: others come from files and from programs of users."""

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from ..errors import InputError

# Times in seconds, and scores, are smaller than that: 30 years.
BEYOND = 1e9


def check_result(result: Any) -> None:
    """Raise InputError, which names the wrong part, for what no pipeline gives.

    Parts that are missing or None are fine: whoever needs one asks for it. Chunks may lack a start or an end.
    """
    if not isinstance(result, Mapping):
        raise InputError(f"The result is a {type(result).__name__}; pass the dict that the pipeline returns.")
    if not isinstance(result.get("text"), str | None):
        raise _wrong("text", "is no text")
    for where, chunk in _mappings(result.get("chunks"), "chunks"):
        if "timestamp" not in chunk:
            raise InputError("The chunks of this result have no times; ask for them with return_timestamps=True.")
        _check_text(chunk, "text", where)
        _check_times(chunk, where, open_ended=True)
    for where, event in _mappings(result.get("audio_events"), "audio_events"):
        _check_scored(event, where)
        _check_times(event, where)
    for where, window in _mappings(result.get("audio_tags"), "audio_tags"):
        _check_times(window, where)
        if window.get("tags") is None:
            raise _wrong(where, "has no tags")
        for tag_where, tag in _mappings(window["tags"], f"{where}.tags"):
            _check_scored(tag, tag_where)
    if result.get("event_scores") is not None:
        _check_steps(result["event_scores"])


def _wrong(where: str, what: str) -> InputError:
    return InputError(f"{where} {what}, so this is no result of the pipeline's; pass one as it is.")


def _mappings(items: Any, name: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The items of a list, each with its name."""
    if not isinstance(items, list | tuple | None):
        raise _wrong(name, "is no list")
    for number, item in enumerate(items or ()):
        where = f"{name}[{number}]"
        if not isinstance(item, Mapping):
            raise _wrong(where, "is no dict")
        yield where, item


def _check_text(item: Mapping[str, Any], key: str, where: str) -> None:
    if not isinstance(item.get(key), str):
        raise _wrong(where, f"has no {key} that is a text")


def _check_scored(item: Mapping[str, Any], where: str) -> None:
    _check_text(item, "label", where)
    if not _is_number(item.get("score")):
        raise _wrong(where, "has no score that is a number")


def _check_times(item: Mapping[str, Any], where: str, open_ended: bool = False) -> None:
    times = item.get("timestamp")
    try:
        start, end = times
    except (TypeError, ValueError):
        raise _wrong(where, "has no timestamp of a start and an end") from None
    if not all(_is_number(time) or (open_ended and time is None) for time in (start, end)):
        raise _wrong(where, "has a timestamp that is no two numbers of seconds")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and -BEYOND < value < BEYOND  # NaN is not


def _check_steps(event_scores: Any) -> None:
    import numpy as np

    if not isinstance(event_scores, Mapping):
        raise _wrong("event_scores", "is no dict")
    labels = event_scores.get("labels")
    if not isinstance(labels, list | tuple) or not all(isinstance(label, str) for label in labels):
        raise _wrong("event_scores", "has no labels that are a list of texts")
    arrays = {}
    for name in ("times", "scores"):
        try:
            arrays[name] = np.asarray(event_scores[name], float)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _wrong("event_scores", f"has no {name} that are numbers") from None
        if not (np.abs(arrays[name]) < BEYOND).all():
            raise _wrong("event_scores", f"has {name} that are not finite numbers")
    steps = arrays["times"].shape
    if len(steps) != 1 or (steps[0] and arrays["scores"].shape != (*steps, len(labels))):
        raise _wrong("event_scores", "has scores that are not one for each of its times and labels")
