"""Names of models and data as a card may show them: hub ids as they are, of paths only the last part."""

import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path, PureWindowsPath
from typing import Any

from .markdown import escaped


def is_hub_id(name: Any) -> bool:
    """Whether that is "owner/name" and not a folder of this machine."""
    return re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", str(name)) is not None and not Path(name).exists()


def public_name(source: Any) -> str:
    """A hub id as it is; of a path its last part, since folders tell about the machine and its user."""
    if not source:
        return ""
    # Windows paths take both kinds of slash.
    return str(source) if is_hub_id(source) else PureWindowsPath(str(source)).name


def linked(source: Any) -> str:
    """The same as Markdown, hub ids as links."""
    name = public_name(source)
    return f"[{name}](https://huggingface.co/{name})" if is_hub_id(source) else escaped(name)


def identifier(name: str) -> str:
    """A dataset's name as the hub's metadata take it."""
    return name if is_hub_id(name) else re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "own-recordings"


def argument(value: Any) -> Any:
    """The value of an argument as text, without folders."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {argument(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(str(argument(item)) for item in value)
    if isinstance(value, (str, PathLike)) and re.search(r"[/\\]", str(value)):
        return public_name(value)
    return str(value)
