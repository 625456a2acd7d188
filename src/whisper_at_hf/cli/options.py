"""Reads what users type for tag options, where label names may hold commas ("Waves, surf")."""

from ..errors import InputError


def parse_labels(values: list[str] | None, known: set[str]) -> list[str] | None:
    """Label names out of `--labels` values: one name each, or several joined by ";" or ",".

    A name with a comma is taken whole where the model knows it; unknown names are left for the model to report.
    """
    if not values:
        return None
    labels = []
    for value in values:
        for part in value.split(";"):
            labels += _split_by_comma(part, known)
    if not labels:
        raise InputError("--labels names no label; leave it out for all labels.")
    return labels


def _split_by_comma(text: str, known: set[str]) -> list[str]:
    pieces = [piece.strip() for piece in text.split(",")]
    found = []
    while pieces:
        lengths = range(len(pieces), 0, -1)
        taken = next((n for n in lengths if ", ".join(pieces[:n]) in known), 1)
        found.append(", ".join(pieces[:taken]))
        pieces = pieces[taken:]
    return [name for name in found if name]


def parse_threshold(values: list[str] | None) -> float | dict[str, float] | None:
    """`--threshold 0.4` for all labels, or `--threshold "Rain=0.6"`, repeatable, for some.

    Raises:
        InputError: a value that is neither, or a mix of both.
    """
    if not values:
        return None
    if len(values) == 1 and "=" not in values[0]:
        return _number(values[0], values[0])
    thresholds = {}
    for value in values:
        label, equals, number = value.rpartition("=")
        if not equals or not label.strip():
            raise InputError(f"--threshold {value!r} is not LABEL=NUMBER; give one number, or LABEL=NUMBER each time.")
        thresholds[label.strip()] = _number(number, value)
    return thresholds


def _number(text: str, value: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--threshold {value!r} holds no number; write for instance 0.4 or Rain=0.4.") from None
