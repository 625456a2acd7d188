"""What no pipeline gives is told by its place in the result, to captions and to pictures alike."""

import numpy as np
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.captions import format_captions, make_cues
from whisper_at_hf.captions.result_checks import check_result
from whisper_at_hf.pictures import timeline_page

NAN, INF = float("nan"), float("inf")


def chunk(**values):
    return {"text": " Hi.", "timestamp": (0.0, 1.0), **values}


def event(**values):
    return {"label": "Dog", "timestamp": (0.0, 1.0), "score": 0.5, **values}


def tags(*tags, **values):
    return {"timestamp": (0.0, 10.0), "tags": list(tags), **values}


def steps(**values):
    return {"labels": ["Dog"], "times": [0.2, 0.6], "scores": [[0.1], [0.9]], **values}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "The result is a NoneType"),
        ([{}], "The result is a list"),
        ({"text": 5}, "text is no text"),
        ({"chunks": "abc"}, "chunks is no list"),
        ({"chunks": [chunk(), 1]}, r"chunks\[1\] is no dict"),
        ({"chunks": [{"text": "a"}]}, "return_timestamps=True"),
        ({"chunks": [chunk(), {"timestamp": (0, 1)}]}, r"chunks\[1\] has no text"),
        ({"chunks": [chunk(text=5)]}, r"chunks\[0\] has no text"),
        *(({"chunks": [chunk(timestamp=wrong)]}, r"chunks\[0\] has no timestamp") for wrong in (None, 5, (1, 2, 3))),
        *(
            ({"chunks": [chunk(timestamp=(0, wrong))]}, r"chunks\[0\] has a timestamp that is no")
            for wrong in ("1", NAN, INF, -INF, 1e300, 10**400, 1j, True)
        ),
        ({"audio_events": {"a": 1}}, "audio_events is no list"),
        ({"audio_events": [event(label=None)]}, r"audio_events\[0\] has no label"),
        ({"audio_events": [event(timestamp=(0, None))]}, r"audio_events\[0\] has a timestamp"),
        *(({"audio_events": [event(score=wrong)]}, r"\[0\] has no score") for wrong in (None, "1", NAN, 10**400)),
        ({"audio_tags": [tags(tags=None)]}, r"audio_tags\[0\] has no tags"),
        ({"audio_tags": [tags(timestamp=(0, INF))]}, r"audio_tags\[0\] has a timestamp"),
        ({"audio_tags": [tags(event(), {"label": "a"})]}, r"audio_tags\[0\]\.tags\[1\] has no score"),
        ({"event_scores": [0.5]}, "event_scores is no dict"),
        ({"event_scores": steps(labels="D")}, "event_scores has no labels"),
        ({"event_scores": steps(times=[0.2, 10**400])}, "event_scores has no times"),
        ({"event_scores": steps(times=[0.2, NAN])}, "event_scores has times that are not finite"),
        ({"event_scores": steps(scores=[[0.1], [INF]])}, "event_scores has scores that are not finite"),
        ({"event_scores": steps(scores=[[0.1, 0.2]])}, "event_scores has scores that are not one for each"),
        ({"event_scores": steps(times=0.2, scores=0.1)}, "event_scores has scores that are not one for each"),
    ],
)
def test_what_is_wrong_is_named(wrong, message):
    for reader in (check_result, make_cues, timeline_page, lambda result: format_captions(result, "audacity")):
        with pytest.raises(InputError, match=message):
            reader(wrong)


def test_what_the_pipeline_gives_passes():
    check_result({})
    check_result(dict.fromkeys(("text", "chunks", "audio_events", "audio_tags", "event_scores")))
    check_result(
        {
            "text": "Hi.",
            "chunks": [chunk(), chunk(timestamp=[np.float32(1), None]), chunk(timestamp=(None, None))],
            "audio_events": [event(score=np.float32(0.5))],
            "audio_tags": [tags(event()), tags()],
            "event_scores": steps(scores=np.array([[0.1], [0.9]], np.float32)),
        }
    )
    check_result({"event_scores": {"labels": ["Dog"], "times": [], "scores": []}})
