"""Which models are offered, by which names, with which heads and languages, and one visitor at a time."""

import threading
from types import SimpleNamespace

import pytest
from sounds import sine
from tiny import head_config, tiny_model
from tiny_multilingual import multilingual_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import InputError, WhisperATForAudioClassification
from whisper_at_hf.demo import models
from whisper_at_hf.demo.models import DETECTED, EMBEDDED, DemoModel, DemoModels, load_models
from whisper_at_hf.pipeline import WhisperATPipeline

EXTRACTOR = WhisperFeatureExtractor(feature_size=8, chunk_length=2)
HEADS = {
    "few": head_config(["Speech", "Rain"], window_length_s=0.8),
    "many": head_config(["Dog"], window_length_s=0.8),
}


@pytest.fixture
def tagger():
    model = tiny_model(WhisperATForAudioClassification, heads=HEADS, default_head="many")
    return DemoModel("tagger", WhisperATPipeline(model, feature_extractor=EXTRACTOR, tokenizer=None, device="cpu"))


@pytest.fixture
def asked_pipe():
    """Stands in for the pipeline of a multilingual model; `calls` are its keyword arguments."""

    def pipe(sound, **parameters):
        pipe.calls.append(parameters)
        return {"text": "", "audio_tags": []}

    pipe.calls, pipe.model, pipe.feature_extractor = [], multilingual_model(), EXTRACTOR
    return pipe


def labels(result):
    return {tag["label"] for window in result["audio_tags"] for tag in window["tags"]}


def test_the_default_head_comes_first_and_the_chosen_one_tags(tagger):
    assert tagger.heads == ["many", "few"] and tagger.languages == []
    assert labels(tagger.listen(sine(1), "many", None, threshold=0.0)) == {"Dog"}
    few = tagger.listen(sine(1), "few", None, threshold=0.0, return_events=True)
    assert labels(few) == {event["label"] for event in few["audio_events"]} == {"Speech", "Rain"}
    assert set(few) == {"audio_tags", "audio_events"}


def test_text_has_no_tags_of_another_head():
    def pipe(sound, heads, **parameters):
        chunk = {"text": "Hello", "timestamp": (0.0, 1.0), "tags": ["many's"]}
        tags = {"audio_tags": ["many's"], "tags_by_head": {heads[0]: ["few's"]}}
        return {"chunks": [chunk], **tags, "event_scores": ["many's"]}

    pipe.model, pipe.feature_extractor = tiny_model(heads=HEADS, default_head="many"), EXTRACTOR
    few = DemoModel("tiny", pipe).listen(sine(1), "few", None)
    assert few == {"chunks": [{"text": "Hello", "timestamp": (0.0, 1.0)}], "audio_tags": ["few's"]}


def test_languages_that_the_model_knows(asked_pipe):
    model = DemoModel("tiny", asked_pipe)
    assert model.languages == [("Detect", DETECTED), ("English", "en"), ("German", "de")]
    for language in ("de", DETECTED, None):
        model.listen(sine(1), "default", language)
    assert [call["generate_kwargs"] for call in asked_pipe.calls] == [{"language": "de"}, {}, {}]
    with pytest.raises(InputError, match="'fr' is not one of the model's"):
        model.listen(sine(1), "default", "fr")


def test_an_english_model_is_asked_for_no_language(asked_pipe):
    asked_pipe.model.generation_config.is_multilingual = False
    model = DemoModel("tiny", asked_pipe)
    assert model.languages == [("English", "en")]
    model.listen(sine(1), "default", "en")
    assert asked_pipe.calls[0]["generate_kwargs"] == {}


def test_one_visitor_at_a_time(asked_pipe):
    busy, go_on = threading.Event(), threading.Event()

    def slow(sound, **parameters):
        busy.set()
        assert go_on.wait(10)
        return asked_pipe(sound, **parameters)

    slow.model, slow.feature_extractor = asked_pipe.model, asked_pipe.feature_extractor
    model = DemoModel("tiny", slow)
    visitors = [threading.Thread(target=model.listen, args=(sine(1), "default", "en")) for _ in range(2)]
    assert not model.is_busy
    visitors[0].start()
    assert busy.wait(10)
    busy.clear()
    visitors[1].start()
    assert model.is_busy and not busy.wait(0.2)  # the second one has not begun
    go_on.set()
    for visitor in visitors:
        visitor.join(10)
    assert busy.is_set() and not model.is_busy and len(asked_pipe.calls) == 2


@pytest.fixture
def loaded(monkeypatch):
    """The sources that pipelines have been loaded from; nothing is really loaded."""
    sources = []
    monkeypatch.setattr(models, "load_pipeline", lambda source, *_: sources.append(source))
    monkeypatch.setattr(models, "default_model_path", lambda: "embedded")
    monkeypatch.setattr(models, "DemoModel", lambda name, _: SimpleNamespace(name=name))
    return sources


def test_names_tell_models_apart_and_hide_where_they_lie(loaded, tmp_path):
    for folder in ("a/mine", "b/mine"):
        (tmp_path / folder).mkdir(parents=True)
    given = [str(tmp_path / "a/mine"), str(tmp_path / "b/mine/"), "user/base", "user/base"]
    assert load_models(given).names == ["mine", "mine (2)", "user/base", EMBEDDED]
    assert loaded == [*given[:3], "embedded"]


def test_the_embedded_model_may_be_missing_beside_others(loaded, monkeypatch):
    def missing():
        raise InputError("not installed")

    monkeypatch.setattr(models, "default_model_path", missing)
    assert load_models(["user/base"]).names == ["user/base"]
    with pytest.raises(InputError, match="not installed"):
        load_models()


def test_a_model_that_is_not_offered():
    with pytest.raises(InputError, match="no model 'c' here; choose one of a, b"):
        DemoModels([SimpleNamespace(name="a"), SimpleNamespace(name="b")])["c"]
