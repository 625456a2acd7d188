"""Results as the pipeline gives them, made by hand, and by a seed for lengths that hands do not make."""

import numpy as np
import pytest
from sounds import RATE

LONG_NAME = "Bird vocalization, bird call, bird song"
LABELS = ["Speech", "Dog", LONG_NAME, "Livestock, farm animals, working animals"]


@pytest.fixture
def result() -> dict:
    """Ten seconds: two sentences, a dog and birds."""
    scores = np.full((25, 3), 0.02, np.float32)
    scores[:15, 0], scores[10:13, 1], scores[15:20, 2] = 0.9, 0.8, 0.6
    return {
        "text": " Good dog. Sit!",
        "language": "en",
        "chunks": [
            {"text": " Good dog.", "timestamp": (0.5, 2.0)},
            {"text": " Sit!", "timestamp": (5.0, None)},
        ],
        "audio_tags": [{"timestamp": (0.0, 10.0), "tags": [{"label": "Speech", "score": 0.9}]}],
        "audio_events": [
            {"label": "Speech", "timestamp": (0.0, 6.0), "score": 0.9},
            {"label": "Dog", "timestamp": (4.0, 5.2), "score": 0.8},
            {"label": LONG_NAME, "timestamp": (6.0, 8.0), "score": 0.6},
        ],
        "event_scores": {"labels": LABELS[:3], "times": 0.2 + 0.4 * np.arange(25), "scores": scores},
    }


@pytest.fixture
def sound() -> np.ndarray:
    """Ten seconds of a tone that is heard in the first half."""
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(10 * RATE) / RATE)
    return np.where(np.arange(len(tone)) < 5 * RATE, tone, 0).astype(np.float32)


@pytest.fixture
def hostile() -> str:
    """A text that breaks out of a page, if anything does."""
    return "</script><!--<script><img src=x onerror=\"document.title='broken'\">&amp;\u2028\u2029\ud800'\"`{{data}}$&"


@pytest.fixture
def make_result():
    """Talk without an end, and events all the time, for so many seconds."""

    def make(seconds: float) -> dict:
        rng = np.random.default_rng(0)
        chunks, events, start = [], [], 0.0
        while start < seconds:
            end = min(seconds, start + rng.uniform(1.5, 6))
            words = " ".join("x" * rng.integers(1, 14) for _ in range(int(2 * (end - start)) + 1))
            chunks.append({"text": " " + words, "timestamp": (start, end)})
            label = LABELS[rng.integers(len(LABELS))]
            events.append({"label": label, "timestamp": (start, min(seconds, start + 2)), "score": 0.7})
            start = end + rng.choice([0, 0, 0, 5])
        steps = int(np.ceil(seconds / 0.4))
        scores = rng.uniform(0, 1, (steps, len(LABELS))).astype(np.float32)
        times = 0.2 + 0.4 * np.arange(steps)
        return {
            "chunks": chunks,
            "audio_events": events,
            "event_scores": {"labels": LABELS, "times": times, "scores": scores},
        }

    return make
