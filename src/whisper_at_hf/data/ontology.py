"""AudioSet's ontology, https://github.com/audioset/ontology, to train on its few top categories."""

import json
import os

from datasets import Dataset

from ..errors import InputError
from ..labels.ontology import group_names, labels_below, parents
from .schema import count, display_name, first_few, label_lists, replace_labels, unreadable


def label_groups(ontology_json: str | os.PathLike | None = None) -> dict[str, str]:
    """The top category ("Human sounds", "Music", ...) of every label.

    Args:
        ontology_json: by default AudioSet's own; or the path of another one in the form of its `ontology.json`, a list
            of `{"id": ..., "name": ..., "child_ids": [...], ...}`.

    Returns:
        the top category's name by label name. A label below several top categories ("Hiss" of cats and of steam)
        goes to the first of them in the file.

    Raises:
        InputError: the file cannot be read, or is no ontology.
    """
    if ontology_json is None:
        tops = [name for name in group_names() if not parents(name)]
        return {name: top for top in reversed(tops) for name in labels_below(top)}
    nodes = _read_nodes(os.fspath(ontology_json))
    children = {child for node in nodes.values() for child in node["child_ids"]}
    groups: dict[str, str] = {}
    for top in (identifier for identifier in nodes if identifier not in children):
        waiting, seen = [top], set()
        while waiting:
            identifier = waiting.pop()
            if identifier in seen or identifier not in nodes:
                continue
            seen.add(identifier)
            waiting += nodes[identifier]["child_ids"]
            groups.setdefault(_name(nodes[identifier]), nodes[top]["name"])
    return groups


def group_labels(dataset: Dataset, groups: dict[str, str]) -> Dataset:
    """Replace every label by its group, each group once a clip.

    Args:
        dataset: of any of our loaders.
        groups: label name -> group name, as `label_groups` gives.

    Raises:
        InputError: labels without a group.
    """
    labels = label_lists(dataset)
    if unknown := sorted({label for clip in labels for label in clip} - groups.keys()):
        raise InputError(f"{count(len(unknown), 'label')} in no group ({first_few(unknown)}): add them to the groups.")
    return replace_labels(dataset, [list(dict.fromkeys(groups[label] for label in clip)) for clip in labels])


def _read_nodes(path: str) -> dict[str, dict]:
    try:
        with open(path, encoding="utf-8") as file:
            return {node["id"]: _checked(node) for node in json.load(file)}
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path!r} is no ontology of AudioSet: pass its ontology.json.") from error


def _checked(node: dict) -> dict:
    names = [node["id"], node["name"], *node["child_ids"]]
    if not isinstance(node["child_ids"], list) or not all(isinstance(name, str) for name in names):
        raise TypeError("ids and names are texts")
    return node


def _name(node: dict) -> str:
    """The name used in the list of 527 labels, where the node is one of them."""
    name = display_name(node["id"])
    return node["name"] if name == node["id"] else name
