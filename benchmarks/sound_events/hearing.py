"""What the pipeline hears in a mixture, and what the original package's defaults make of the same logits."""

from typing import Any

import numpy as np

from sound_events.mixtures import RATE, SECONDS, Event, Mixture

# The original's `parse_at_label(result, at_time_res=10, top_k=5, p_threshold=-1)` on raw logits:
# https://github.com/YuanGongND/whisper-at
ORIGINAL_SECONDS, ORIGINAL_TOP, ORIGINAL_LOGIT = 10.0, 5, -1.0


def events_of(result: dict[str, Any]) -> list[Event]:
    """The events of a pipeline's result."""
    return [Event(event["label"], *event["timestamp"]) for event in result["audio_events"]]


def original_events(logits: np.ndarray, labels: list[str]) -> list[Event]:
    """The original's tags, those of windows that follow each other taken together.

    Args:
        logits: `(windows, labels)`, of windows of 10 s.
    """
    events: list[Event] = []
    going_on: dict[str, int] = {}
    for number, row in enumerate(logits):
        best = [int(index) for index in np.argsort(-row)[:ORIGINAL_TOP] if row[index] > ORIGINAL_LOGIT]
        heard = {labels[index] for index in best}
        end = min((number + 1) * ORIGINAL_SECONDS, SECONDS)
        for label in heard:
            begin = going_on.get(label)
            if begin is not None and events[begin].end == number * ORIGINAL_SECONDS:
                events[begin] = Event(label, events[begin].start, end)
            else:
                going_on[label] = len(events)
                events.append(Event(label, number * ORIGINAL_SECONDS, end))
    return events


def hear(pipe: Any, mixture: Mixture, **parameters: Any) -> dict[str, Any]:
    """The pipeline's result for a mixture."""
    return pipe({"raw": mixture.audio, "sampling_rate": RATE}, **parameters)
