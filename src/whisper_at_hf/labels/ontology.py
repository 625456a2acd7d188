"""AudioSet's ontology: which labels lie below which, up to seven top nodes such as "Human sounds" and "Music".

`ontology.csv` holds the 632 names of AudioSet's `ontology.json` and the parents of each, and nothing else of it; names
of the 527 labels are those of `audioset.csv`. Made by `assets_source/make_ontology.py` from
https://github.com/audioset/ontology, Copyright 2017 Google LLC, under CC BY-SA 4.0
(https://creativecommons.org/licenses/by-sa/4.0/), and so under that licence itself; the list of labels is CC BY 4.0
(https://research.google.com/audioset/download.html). A name may have several parents: "Hiss" is of cats, of snakes and
of steam.
"""

import csv
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import numpy as np

from ..errors import InputError

PARENT_SEPARATOR = "|"


@cache
def _parents() -> dict[str, tuple[str, ...]]:
    text = (files(__package__) / "ontology.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"]: tuple(filter(None, row["parents"].split(PARENT_SEPARATOR))) for row in rows}


def group_names() -> list[str]:
    """All 632 names, in the order of the ontology: the labels, and groups that are no label ("Human sounds")."""
    return list(_parents())


def parents(name: str) -> tuple[str, ...]:
    """The names right above this one, none for a top node.

    Raises:
        InputError: the ontology has no such name; the message suggests the nearest ones.
    """
    if name not in _parents():
        raise InputError(f"AudioSet's ontology has no {name!r}; {_suggestion(name, group_names())}")
    return _parents()[name]


@cache
def ancestors(name: str) -> frozenset[str]:
    """All names above this one. Raises InputError as `parents` does."""
    above = parents(name)
    return frozenset(above).union(*map(ancestors, above))


@cache
def labels_below(name: str) -> frozenset[str]:
    """This name and all below it. Raises InputError as `parents` does."""
    parents(name)
    return frozenset(other for other in _parents() if other == name or name in ancestors(other))


def expand(names: Sequence[str], known_labels: Sequence[str]) -> list[str]:
    """The labels of a head that are meant by names of labels or of groups.

    Args:
        names: such as "Dog" (that label, and "Bark" below it), "Domestic sounds, home sounds", or a label that a user
            trained and AudioSet does not have.
        known_labels: those of the head.

    Returns:
        the known labels at or below the names, each once, in the order of `known_labels`.

    Raises:
        InputError: a name that neither the head nor the ontology has (the nearest are suggested), or below which the
            head knows nothing.
    """
    names = [names] if isinstance(names, str) else names
    meant = frozenset().union(*(_known_below(name, known_labels) for name in names))
    return [label for label in known_labels if label in meant]


def roll_up(scores: np.ndarray, labels: Sequence[str], groups: Sequence[str]) -> np.ndarray:
    """Scores of groups from those of labels.

    A group scores as high as the highest label at or below it: what is a "Bark" is a "Dog" and an "Animal" too, and
    heads say all three at once, so a sum would count one sound several times.

    Args:
        scores: `(windows, labels)`, or as many rows as there are steps.
        labels: what the columns are of.
        groups: names of labels or groups, as of `expand`.

    Returns:
        `(windows, groups)`, in the type of the scores.

    Raises:
        InputError: a group that is unknown or has none of the labels, or scores of another shape.
    """
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[1] != len(labels):
        raise InputError(f"scores of shape {scores.shape} are not of {len(labels)} labels; pass (windows, labels).")
    result = np.empty((len(scores), len(groups)), scores.dtype)
    for column, group in enumerate(groups):
        below = _known_below(group, labels)
        result[:, column] = scores[:, [label in below for label in labels]].max(axis=1)
    return result


def _known_below(name: str, known_labels: Sequence[str]) -> set[str]:
    """Those of the labels that are at or below the name, at least one."""
    in_ontology = name in _parents()
    known = (labels_below(name) if in_ontology else {name}).intersection(known_labels)
    if known:
        return known
    if in_ontology:
        raise InputError(f"The head has no label at or below {name!r}; leave it out, or take a head that has one.")
    choice = list(dict.fromkeys([*known_labels, *group_names()]))
    raise InputError(f"{name!r} is no label of the head and no group of AudioSet's; {_suggestion(name, choice)}")


def _suggestion(name: str, choice: Sequence[str]) -> str:
    by_lower = {one.lower(): one for one in choice}
    near = [repr(by_lower[one]) for one in get_close_matches(str(name).lower(), by_lower, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else f"it could be {', '.join(map(repr, choice[:10]))}, ..."
