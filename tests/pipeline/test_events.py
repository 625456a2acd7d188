"""Sound events of real weights: where they are, in files and streams, and what they leave as it was."""

import json

import numpy as np
import pytest
from sound_events.hearing import events_of, original_events
from sound_events.matching import quick_f1
from sound_events.mixtures import TEST, mixtures
from sounds import RATE

from whisper_at_hf import InputError
from whisper_at_hf.audio import load_audio
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.pipeline.results import join_results

pytestmark = pytest.mark.real
GREEDY = {"generate_kwargs": {"temperature": 0.0}}


@pytest.fixture(scope="module")
def talk():
    """47 s: speech, ten seconds of rain from 10 s on, then speech twice more with rain between."""
    sample = load_audio(sample_path())
    return np.concatenate([sample, sample, sample])[: 47 * RATE + 210]


def spans(events, label):
    return [event["timestamp"] for event in events if event["label"] == label]


def test_sounds_have_a_start_and_an_end(pipe, talk):
    events = pipe(talk, return_events=True, return_text=False)["audio_events"]
    np.testing.assert_allclose(spans(events, "Rain"), [(10, 20), (30, 40)], atol=0.81)
    # The encoder looks at all of its window: a voice fades from its scores more slowly than from the sound.
    np.testing.assert_allclose(spans(events, "Speech"), [(0.5, 8.5), (20.5, 28.5), (40.5, 47)], atol=2.0)
    assert all(0.3 < event["score"] <= 1 for event in events)
    assert [event["timestamp"][0] for event in events] == sorted(event["timestamp"][0] for event in events)


@pytest.mark.long
def test_events_change_neither_text_nor_tags(pipe, talk):
    plain = pipe(talk, return_timestamps=True, **GREEDY)
    found = pipe(talk, return_timestamps=True, return_events=True, return_event_scores=True, **GREEDY)
    assert {name: found[name] for name in ("text", "language", "audio_tags")} == {
        name: plain[name] for name in ("text", "language", "audio_tags")
    }
    for ours, theirs in zip(found["chunks"], plain["chunks"], strict=True):
        assert "Speech" in [tag["label"] for tag in ours.pop("tags")]
        assert ours == theirs
    scores = found["event_scores"]
    assert scores["scores"].shape == (len(scores["times"]), 96) == (118, 96)
    assert scores["times"][[0, -1]].tolist() == pytest.approx([0.2, 47.0])
    json.dumps(found, default=lambda array: array.tolist())


@pytest.mark.long
def test_a_stream_gives_the_events_of_the_file(pipe, talk):
    options = {"return_timestamps": True, "return_events": True, "return_event_scores": True, **GREEDY}
    whole, parts = pipe(talk, **options), list(pipe.stream(iter(np.array_split(talk, 30)), **options))
    streamed = join_results(parts)
    assert parts[0]["audio_events"] and len(parts) > 1
    np.testing.assert_allclose(streamed["event_scores"]["scores"], whole["event_scores"]["scores"], atol=1e-4)
    assert streamed["event_scores"]["labels"] == whole["event_scores"]["labels"]
    assert [(e["label"], e["timestamp"]) for e in sorted(streamed["audio_events"], key=_place)] == [
        (e["label"], e["timestamp"]) for e in sorted(whole["audio_events"], key=_place)
    ]
    labels = [[tag["label"] for tag in chunk["tags"]] for chunk in whole["chunks"]]
    assert [[tag["label"] for tag in chunk["tags"]] for chunk in streamed["chunks"]] == labels


def _place(event):
    return event["timestamp"], event["label"]


def test_short_files_have_events_too(pipe, talk):
    (event,) = pipe(talk[14 * RATE : 15 * RATE], return_events=True, return_text=False, labels="Rain")["audio_events"]
    assert event["label"] == "Rain" and event["timestamp"] == (0.0, 1.0)
    assert pipe(talk[:100], return_events=True, return_text=False)["audio_events"] == []


def test_labels_of_events_may_come_as_an_iterator(pipe, talk):
    options = {"labels": iter(["Rain"])}
    found = pipe(talk[: 20 * RATE], return_events=True, return_text=False, event_options=options)
    assert {event["label"] for event in found["audio_events"]} == {"Rain"}


def test_groups_are_scored_and_chosen(pipe, talk):
    found = pipe(talk[: 20 * RATE], return_text=False, groups=["Natural sounds", "Animal"], labels="Natural sounds")
    first, second = found["audio_tags"]
    assert first["tags"] == [] and {tag["label"] for tag in second["tags"]} <= {"Rain", "Water", "Wind", "Thunder"}
    (nature, animal) = second["groups"]
    assert nature["label"] == "Natural sounds" and animal["label"] == "Animal"
    assert nature["score"] == max(tag["score"] for tag in second["tags"]) > 0.9 > 0.1 > animal["score"]


@pytest.mark.long
def test_the_gate_keeps_speech_and_drops_what_is_made_up(pipe, talk):
    speech = talk[: 10 * RATE]
    assert pipe(speech, speech_gate=True, **GREEDY) == pipe(speech, **GREEDY)
    assert "chunks" in pipe(speech, speech_gate=True, return_timestamps="word", **GREEDY)
    rain = pipe(talk[11 * RATE : 20 * RATE], speech_gate=True, generate_kwargs={"no_speech_threshold": None})
    assert rain["text"] == "" and "chunks" not in rain


def test_bad_requests_are_refused_before_audio_is_read(pipe):
    for parameters, message in [
        ({"event_options": {"gap": 3}}, "no option 'gap'"),
        ({"speech_gate": "high"}, "speech_gate='high'"),
        ({"groups": "Sea serpent"}, "'Sea serpent' is no label of the head"),
        ({"return_event": True}, "did you mean 'return_events'"),
    ]:
        with pytest.raises(InputError, match=message):
            pipe("no such file.wav", **parameters)


@pytest.mark.data
@pytest.mark.long
def test_events_lie_where_the_sounds_were_put(pipe, data_folder):
    """A small part of `benchmarks/sound_events.py`, beside what the original's defaults make of the same logits."""
    mixed = list(mixtures(data_folder, TEST, 6))
    options = {"return_text": False, "return_events": True, "return_logits": True}
    heard = [pipe(mixture.audio, **options) for mixture in mixed]
    truth, labels = [mixture.events for mixture in mixed], pipe.model.get_head().config.labels
    _, ours = quick_f1(truth, [events_of(result) for result in heard])
    _, theirs = quick_f1(truth, [original_events(result["tag_logits"], list(labels)) for result in heard])
    assert ours >= 0.5 and ours >= 2 * theirs
