"""Events of a timeline that comes in pieces equal those of the whole timeline; text is tagged and gated by them."""

import numpy as np
import pytest
from encoded_sound import EXTRACTOR, SAMPLES_PER_POSITION, Sound
from tiny import LABELS, head_config, tiny_model

from whisper_at_hf import InputError
from whisper_at_hf.pipeline.event_request import EventRequest
from whisper_at_hf.pipeline.options import TagOptions
from whisper_at_hf.pipeline.streamed_events import StreamedEvents

# A random head is sure of nothing: with these, it hears events all the time.
LOW = TagOptions(threshold=0.4, heads=["moods"])
BUSY = {"smoothing": 0, "on": 1.3, "off": 1.1, "max_gap": 0.4, "min_duration": 0}


@pytest.fixture(scope="module")
def model():
    moods = head_config(["calm", "angry", "Dog"], problem_type="single_label_classification")
    return tiny_model(heads={"default": head_config(), "moods": moods})


def heard(model, request, tags=LOW):
    request.check(model, tags)
    return StreamedEvents(model, tags, request, EXTRACTOR)


def in_pieces(model, sound, request):
    events = heard(model, request)
    *before, (_, last) = sound.windows()
    results = [events.add(windows, SAMPLES_PER_POSITION * end, {}) for end, windows in before]
    return [*results, events.finish(last, sound.num_samples, {})]


def at_once(model, sound, request):
    return heard(model, request).finish([(0, sound.timeline())], sound.num_samples, {})


def rounded(events):
    return sorted((event["timestamp"], event["label"], round(event["score"], 4)) for event in events)


@pytest.mark.parametrize("seconds", [0.02, 0.7, 1.3, 11.31, 24.0, 24.007])
@pytest.mark.parametrize(
    "options", [BUSY, {**BUSY, "window": 2.0, "hop": 0.8, "smoothing": 2.4}, {**BUSY, "window": 0.4}]
)
def test_pieces_give_what_the_whole_gives(model, seconds, options):
    sound = Sound(round(seconds * 16_000), seed=round(100 * seconds))
    request = EventRequest(return_events=True, return_event_scores=True, event_options=options)
    pieces, whole = in_pieces(model, sound, request), at_once(model, sound, request)
    scores = np.concatenate([piece["event_scores"]["scores"] for piece in pieces])
    np.testing.assert_allclose(scores, whole["event_scores"]["scores"], atol=1e-5)
    times = np.concatenate([piece["event_scores"]["times"] for piece in pieces])
    np.testing.assert_allclose(times, whole["event_scores"]["times"])
    hop = options.get("hop", 0.4)
    assert len(scores) == max(1, int(np.ceil(sound.duration / hop - 1e-6)))
    found = [event for piece in pieces for event in piece["audio_events"]]
    assert rounded(found) == rounded(whole["audio_events"])
    moods = [event for piece in pieces for event in piece["events_by_head"]["moods"]]
    assert rounded(moods) == rounded(whole["events_by_head"]["moods"])
    assert all(event["timestamp"][1] <= round(sound.duration, 3) for event in whole["audio_events"])
    if seconds > 11:
        assert len(whole["audio_events"]) >= 3


def test_a_score_stands_for_the_middle_of_its_window(model):
    sound = Sound(16_000 * 8)
    request = EventRequest(return_event_scores=True)
    scores = at_once(model, sound, request)["event_scores"]["scores"]
    logits = model.get_tag_logits(sound.timeline(), sound.num_frames, 1.2, "default", 0.4)
    expected = logits.sigmoid().numpy()
    np.testing.assert_allclose(scores[1:-1], expected[:-2], atol=1e-6)
    np.testing.assert_allclose(scores[[0, -1]], expected[[0, -3]], atol=1e-6)


def test_only_what_is_asked_for(model):
    sound = Sound(16_000 * 4)
    assert at_once(model, sound, EventRequest(speech_gate=True)) == {}
    assert set(at_once(model, sound, EventRequest(return_events=True))) == {"audio_events", "events_by_head"}
    assert set(at_once(model, sound, EventRequest(event_options="human sounds"))) == {"audio_events", "events_by_head"}
    assert set(at_once(model, sound, EventRequest(return_event_scores=True))) == {"event_scores"}
    assert not EventRequest(return_events=False, event_options="music").needs_scores


def test_events_are_of_the_chosen_labels(model):
    sound = Sound(16_000 * 24)
    request = EventRequest(return_events=True, event_options={**BUSY, "labels": ["Domestic animals, pets", "Rain"]})
    labels = {event["label"] for event in at_once(model, sound, request)["audio_events"]}
    assert labels == {"Dog", "Rain"}
    events = heard(model, request, TagOptions(threshold=0.4, labels=["Dog", "Speech"]))
    found = events.finish([(0, sound.timeline())], sound.num_samples, {})
    assert {event["label"] for event in found["audio_events"]} == {"Dog"}


class Scored(StreamedEvents):
    """Scores that are given instead of found."""

    def __init__(self, model, request, scores):
        super().__init__(model, TagOptions(threshold=0.4), request, EXTRACTOR)
        self._given = np.zeros((len(scores), len(LABELS)), dtype=np.float32)
        for step, labels in enumerate(scores):
            for label in labels:
                self._given[step, LABELS.index(label)] = 0.9

    def hear(self, text):
        self._tracks["default"].add(self._given)
        return self._result(text, len(self._given) * self.options.hop, is_last=True)


def chunk(text, start, end):
    return {"text": text, "timestamp": (start, end)}


def said(*chunks):
    return {"text": "".join(chunk["text"] for chunk in chunks), "language": "en", "chunks": list(chunks)}


def test_chunks_carry_the_sounds_under_them(model):
    scores = [["Speech"]] * 5 + [["Speech", "Dog"]] * 5 + [["Dog"]] * 5
    events = Scored(model, EventRequest(return_events=True), scores)
    found = events.hear(said(chunk(" a", 0.0, 1.9), chunk(" b", 2.0, 4.0), chunk(" c", 4.0, None)))
    labels = [[tag["label"] for tag in chunk["tags"]] for chunk in found["chunks"]]
    assert labels == [["Speech"], ["Dog", "Speech"], ["Dog"]]
    assert found["chunks"][0]["tags"][0]["score"] == pytest.approx(0.9)


def test_a_sound_that_touches_a_chunk_is_not_under_it(model):
    events = Scored(model, EventRequest(return_events=True), [["Speech"]] * 5 + [["Dog"]] * 5)
    found = events.hear(said(chunk(" a", 0.0, 2.1), chunk(" b", 1.9, 2.1)))
    labels = [{tag["label"] for tag in chunk["tags"]} for chunk in found["chunks"]]
    assert labels == [{"Speech"}, {"Speech", "Dog"}]


def test_the_gate_drops_text_without_a_voice(model):
    scores = [["Speech"]] * 5 + [["Dog"]] * 20 + [["Speech"]] * 5
    text = said(chunk(" Hello.", 0.0, 2.0), chunk(" Thank you.", 4.0, 6.0), chunk(" Bye.", 10.2, None))
    found = Scored(model, EventRequest(speech_gate=True), scores).hear(text)
    assert found["text"] == " Hello. Bye."
    assert [chunk["text"] for chunk in found["chunks"]] == [" Hello.", " Bye."]
    assert found["language"] == "en" and "audio_events" not in found


def test_the_gate_lets_a_word_beside_a_voice_pass(model):
    scores = [["Speech"]] * 5 + [["Dog"]] * 20
    text = said(chunk(" Hello", 0.0, 1.8), chunk(" there.", 1.9, 2.4))
    assert Scored(model, EventRequest(speech_gate=True), scores).hear(text)["text"] == " Hello there."


def test_what_is_said_behind_the_end_needs_a_voice_before_it(model):
    behind = said(chunk(" Thank you.", 4.0, 4.0))
    assert Scored(model, EventRequest(speech_gate=True), [["Dog"]] * 10).hear(behind)["text"] == ""
    assert Scored(model, EventRequest(speech_gate=True), [["Speech"]] * 10).hear(behind)["text"] == " Thank you."


def test_the_gate_can_be_higher(model):
    text = said(chunk(" Hello", 0.0, 2.0))
    assert Scored(model, EventRequest(speech_gate=0.95), [["Speech"]] * 10).hear(text)["text"] == ""


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"return_events": "yes"}, "return_events='yes' is neither True nor False"),
        ({"return_events": np.array([1, 2])}, "is neither True nor False"),
        ({"event_options": "speech"}, "is no preset"),
        ({"speech_gate": 3}, "speech_gate=3 is neither"),
        ({"event_options": {"labels": "Piano"}}, "no label at or below 'Piano'"),
    ],
)
def test_bad_requests_are_one_sentence(model, request_, message):
    with pytest.raises(InputError, match=message):
        heard(model, EventRequest(**request_))


def test_a_preset_takes_what_the_head_knows():
    model = tiny_model(heads={"default": head_config(["Siren", "Rain"])})
    request = EventRequest(event_options="alarms")  # names horns, too
    request.check(model, TagOptions())


def test_labels_may_come_as_an_iterator(model):
    sound = Sound(16_000 * 24)
    request = EventRequest(return_events=True, event_options={**BUSY, "labels": iter(["Dog"])})
    assert {event["label"] for event in at_once(model, sound, request)["audio_events"]} == {"Dog"}


def test_chunks_without_times_stay_as_they_are(model):
    events = Scored(model, EventRequest(return_events=True), [["Speech"]] * 10)
    found = events.hear({"text": " a", "chunks": [{"text": " a", "language": "english"}]})
    assert found["chunks"] == [{"text": " a", "language": "english"}]
    assert found["audio_events"][0]["label"] == "Speech"


def test_a_gate_needs_a_head_that_knows_voices():
    model = tiny_model(heads={"default": head_config(["Dog", "Rain"])})
    with pytest.raises(InputError, match="speech_gate needs a head that knows Speech"):
        heard(model, EventRequest(speech_gate=True), TagOptions())
