"""Three minutes of speech with sounds become captions that independent parsers read, and that keep every rule."""

import io

import numpy as np
import pytest
import srt
import webvtt
from sound_events.mixtures import TEST, mixtures

from whisper_at_hf.captions import broken_rules, format_captions, make_cues

pytestmark = [pytest.mark.real, pytest.mark.data, pytest.mark.long]
RESOLUTION = 0.001


@pytest.fixture(scope="module")
def result(pipe, data_folder):
    audio = np.concatenate([mixture.audio for mixture in mixtures(data_folder, TEST, 3)])
    greedy = {"generate_kwargs": {"temperature": 0.0}}
    return pipe(audio, return_timestamps=True, return_events=True, **greedy)


def test_every_rule_is_kept(result):
    cues = make_cues(result, "sdh")
    assert broken_rules(cues) == []
    lines = [line for cue in cues for line in cue.text.splitlines()]
    sounds = [line for line in lines if line.startswith("[")]
    assert "[chainsaw buzzing]" in sounds and not any("speech" in line for line in sounds)
    said = [
        word for cue in cues for line in cue.text.splitlines() if not line.startswith("[") for word in line.split()
    ]
    assert said == result["text"].split()


def test_srt_is_read_by_others(result):
    cues = make_cues(result, "sdh")
    read = list(srt.parse(format_captions(result, "srt", "sdh")))
    assert [cue.index for cue in read] == list(range(1, len(cues) + 1))
    for ours, theirs in zip(cues, read, strict=True):
        assert theirs.content == ours.text
        times = (theirs.start.total_seconds(), theirs.end.total_seconds())
        assert times == pytest.approx((ours.start, ours.end), abs=RESOLUTION)


def test_vtt_is_read_by_others(result):
    cues = make_cues(result, "sdh")
    read = webvtt.from_buffer(io.StringIO(format_captions(result, "vtt", "sdh")))
    for ours, theirs in zip(cues, read, strict=True):
        assert theirs.text == ours.text
        times = [_seconds(theirs.start), _seconds(theirs.end)]
        assert times == pytest.approx([ours.start, ours.end], abs=RESOLUTION)


def _seconds(clock):
    hours, minutes, seconds = clock.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
