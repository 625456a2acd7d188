"""The same sound has the same text and tags in any batch and whenever it is heard, also where text is sampled."""

import pytest

from whisper_at_hf.audio import load_audio

pytestmark = [pytest.mark.real, pytest.mark.data, pytest.mark.long]


def scores(result):
    """By tag window and label; of all labels, so that rounding cannot change which are there."""
    return {
        (window["timestamp"], tag["label"]): tag["score"] for window in result["audio_tags"] for tag in window["tags"]
    }


def test_batches_and_reruns(pipe, speech, esc10):
    """A likelihood that hardly any text reaches makes most windows fall back to sampling."""
    generate_kwargs = {"logprob_threshold": -0.3}
    clips = [load_audio(row["file"]) for row in (speech[40], esc10[7], speech[180])]
    options = {"threshold": 0.0, "top_k": None, "return_timestamps": True, "generate_kwargs": generate_kwargs}
    first, *others = [pipe([clip.copy() for clip in clips], batch_size=size, **options) for size in (3, 3, 1)]
    assert sum(len(result["text"]) > 20 for result in first) >= 2
    for again in others:
        for result, same in zip(first, again, strict=True):
            assert result["text"] == same["text"] and result["chunks"] == same["chunks"]
            assert scores(result) == pytest.approx(scores(same), abs=1e-4)
