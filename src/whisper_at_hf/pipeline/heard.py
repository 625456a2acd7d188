"""All that is heard in a file that comes in pieces, or in one: tags of its windows, and events."""

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import WhisperFeatureExtractor

from ..decoding.window import WindowResult
from .event_request import EventRequest
from .options import TagOptions
from .streamed_events import StreamedEvents
from .streamed_tags import StreamedTags

# The parameters of a call that say what is to be heard.
HEARING_NAMES = (*TagOptions.names(), *EventRequest.names())


def split_parameters(parameters: Mapping[str, Any]) -> tuple[TagOptions, EventRequest]:
    """What a call's parameters ask for; others than `HEARING_NAMES` are not looked at."""
    tags, events = (
        {name: parameters[name] for name in names if name in parameters}
        for names in (TagOptions.names(), EventRequest.names())
    )
    return TagOptions(**tags), EventRequest(**events)


class Heard:
    """Tags and events, as a call asks for them.

    Args:
        model: with heads, if anything is asked for.
        extractor: of the sound that the encoder's windows were made from.
        return_tags: whether tags of windows are wanted.
        parameters: of the call, see `HEARING_NAMES`.
    """

    def __init__(
        self, model: Any, extractor: WhisperFeatureExtractor, return_tags: bool, parameters: Mapping[str, Any]
    ):
        options, self.request = split_parameters(parameters)
        self._tags = StreamedTags(model, options, extractor) if return_tags else None
        self._events = StreamedEvents(model, options, self.request, extractor) if self.request.needs_scores else None

    def timestamps(self, asked_for: bool | str | None) -> bool | str | None:
        """The timestamps that the text has to have, where the caller wants to see those."""
        return asked_for or (True if self.request.gate is not None else asked_for)

    def add(self, results: Sequence[WindowResult], num_samples: int, text: Mapping[str, Any]) -> dict[str, Any]:
        """Take the results of the next windows.

        Args:
            results: they hold the encoder's pooled states.
            num_samples: samples from the start of the sound that are final now.
            text: what was said in them, with the `timestamps` that it has to have.

        Returns:
            `text` as the speech gate leaves it; tags and events that are complete by now.
        """
        pooled = [window for result in results for window in result.pooled]
        found = dict(text) if self._events is None else self._events.add(pooled, num_samples, text)
        return {**found, **({} if self._tags is None else self._tags.add(pooled, num_samples))}

    def finish(self, results: Sequence[WindowResult], num_samples: int, text: Mapping[str, Any]) -> dict[str, Any]:
        """Take the results of the last windows, see `add`; gives the rest.

        Args:
            num_samples: samples of sound in all.
        """
        pooled = [window for result in results for window in result.pooled]
        found = dict(text) if self._events is None else self._events.finish(pooled, num_samples, text)
        return {**found, **({} if self._tags is None else self._tags.finish(pooled, num_samples))}
