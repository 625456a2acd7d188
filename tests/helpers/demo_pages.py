"""The demo with models that take no time, served for a test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from whisper_at_hf.demo import Limits, build_demo, launch
from whisper_at_hf.demo.models import DemoModels


class StandIn:
    """Takes the place of a `DemoModel`: says how loud the sound is, after it has called `before`."""

    sampling_rate = 16_000
    is_busy = False

    def __init__(self, name="first", heads=("default",), languages=(("English", "en"),), said: str | None = None):
        self.name, self.heads, self.languages, self.said = name, list(heads), list(languages), said
        self.calls: list[tuple[str, str | None]] = []
        self.before: Callable[[], None] = lambda: None
        self._free = threading.Lock()

    def listen(self, sound: Any, head: str, language: str | None, **parameters: Any) -> dict[str, Any]:
        with self._free:
            self.calls.append((head, language))
            self.before()
            samples = sound["raw"] if isinstance(sound, dict) else sound
            rate = sound["sampling_rate"] if isinstance(sound, dict) else self.sampling_rate
            return result(self.said or f"{self.name} hears {np.abs(samples).max():.2f}", len(samples) / rate)


def result(text: str, seconds: float = 10.0, label: str = "Dog") -> dict[str, Any]:
    """A pipeline's result with all that the page asks for."""
    tags = [{"label": label, "score": 0.5}, {"label": "Speech", "score": 0.9}]
    return {
        "text": f" {text}",
        "language": "en",
        "chunks": [{"text": f" {text}", "timestamp": (0.0, seconds), "tags": []}],
        "audio_tags": [{"timestamp": (0.0, seconds), "tags": tags}],
        "audio_events": [{"label": label, "timestamp": (0.0, seconds / 2), "score": 0.5}],
    }


@contextmanager
def served(*models: Any, limits: Limits | None = None) -> Iterator[str]:
    """The address of a page that offers these models, gone after the block."""
    demo = build_demo(DemoModels(models), limits)
    address = launch(demo, limits, wait=False)
    try:
        yield address
    finally:
        demo.close(verbose=False)
