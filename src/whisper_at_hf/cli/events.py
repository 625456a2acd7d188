"""What users type about sound events, and what follows from it for the call."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from ..errors import InputError


class Preset(StrEnum):
    """Kinds of sound that there are settings for."""

    music = "music"
    alarms = "alarms"
    human_sounds = "human-sounds"


Events = Annotated[
    bool, typer.Option("--events", help="Say when each sound begins and ends, and what is heard under the text.")
]
EventPreset = Annotated[Preset | None, typer.Option(help="Events of one kind alone, with settings that suit it.")]
EventOption = Annotated[
    list[str] | None,
    typer.Option(help="NAME=SECONDS or NAME=FACTOR of an event setting, such as max_gap=2; repeatable."),
]


@dataclass(frozen=True)
class TypedEventOptions:
    """The event options as typed; `events.EventOptions` holds what they stand for."""

    events: bool
    preset: Preset | None
    option: list[str] | None

    def parameters(self) -> dict[str, Any]:
        """The parameters of the pipeline's call. Raises InputError for an option that cannot be read."""
        given: dict[str, Any] = {} if self.preset is None else {"preset": self.preset.value.replace("-", " ")}
        given |= dict(_setting(text) for text in self.option or [])
        parameters: dict[str, Any] = {"event_options": given} if given else {}
        return {**parameters, "return_events": True} if self.events else parameters


def _setting(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        if equals and name.strip() not in ("labels", "preset"):
            return name.strip(), float(value)
    except ValueError:
        pass
    raise InputError(f"--event-option {text!r} is not NAME=NUMBER; write for instance max_gap=2.")
