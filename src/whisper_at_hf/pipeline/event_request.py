"""What a call asks about sounds on the fine time grid: events, tags of text, the speech gate."""

from dataclasses import dataclass, fields
from typing import Any

from ..errors import InputError
from ..events.options import event_options
from ..events.speech_gate import gate_threshold, voice_labels
from .options import TagOptions, check_groups, known_groups


@dataclass
class EventRequest:
    """See `WhisperATPipeline.__call__` for the meaning of each field."""

    return_events: bool | None = None
    event_options: Any = None
    return_event_scores: bool = False
    speech_gate: bool | float | None = None

    def __post_init__(self):
        self.options = event_options(self.event_options)

    @classmethod
    def names(cls) -> list[str]:
        """The names of the parameters."""
        return [field.name for field in fields(cls)]

    @property
    def shows_events(self) -> bool:
        """Whether the result gets events: asked for, or given options."""
        return self.event_options is not None if self.return_events is None else self.return_events

    @property
    def gate(self) -> float | None:
        """The score of a voice that text needs; None where there is no gate."""
        return gate_threshold(self.speech_gate)

    @property
    def needs_scores(self) -> bool:
        """Whether anything has to be scored on the fine grid."""
        return self.shows_events or self.return_event_scores or self.gate is not None

    def check(self, model: Any, tags: TagOptions) -> None:
        """Raise InputError for a bad value, or what the heads of `model` that `tags` uses cannot do."""
        for name in ("return_events", "return_event_scores"):
            if not isinstance(getattr(self, name), bool | None):
                raise InputError(f"{name}={getattr(self, name)!r} is neither True nor False; use one of them.")
        gate = self.gate
        if not self.needs_scores:
            return
        configs = [model.get_head(name).config for name in tags.used_heads(model)]
        if labels := self.options.labels:
            # Of several, those that the heads know count: presets name more than most heads do.
            if not any(known_groups(labels, config) for config in configs):
                check_groups(labels, configs)
        if gate is not None and not any(voice_labels(config.labels) for config in configs):
            raise InputError("speech_gate needs a head that knows Speech, and this one does not; leave it out.")
