"""Teachers: transformers' models against transformers' own pipeline, and code of one's own."""

import numpy as np
import pytest
from audio_models import save_ast
from sounds import RATE, sine
from transformers import pipeline

from whisper_at_hf import InputError
from whisper_at_hf.training.taggers import TransformersTagger, load_tagger

CLIPS = [sine(0.9, frequency=400), sine(1.2, frequency=3000)]

CODE = """
import numpy as np

class Loudness:
    labels = ["loud", "quiet"]
    sampling_rate = 16000

    def __call__(self, clips):
        loud = np.array([np.abs(clip).max() for clip in clips])
        return np.stack([loud, 1 - loud], axis=1)

ready = Loudness()
number = 3

def broken():
    raise RuntimeError("no luck\\nat all")
"""


@pytest.fixture
def code(tmp_path):
    path = tmp_path / "my_tagger.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize("problem_type", [None, "multi_label_classification", "single_label_classification"])
def test_scores_are_those_of_the_stock_pipeline(tmp_path, problem_type):
    folder = save_ast(tmp_path / "ast", problem_type=problem_type)
    tagger = TransformersTagger(folder)
    function = "softmax" if problem_type == "single_label_classification" else "sigmoid"
    stock = pipeline("audio-classification", model=str(folder))
    assert tagger.sampling_rate == RATE and len(tagger.labels) == 4
    for scores, clip in zip(tagger(CLIPS), CLIPS, strict=True):
        expected = {tag["label"]: tag["score"] for tag in stock(clip, top_k=None, function_to_apply=function)}
        assert dict(zip(tagger.labels, scores, strict=True)) == pytest.approx(expected, abs=1e-5)


def test_what_the_configuration_says_can_be_overruled(tmp_path):
    folder = save_ast(tmp_path / "ast", problem_type="multi_label_classification")
    scores = TransformersTagger(folder, problem_type="single_label_classification")(CLIPS)
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_our_own_models_teach_too(whisper_folder, tmp_path):
    from transformers import WhisperFeatureExtractor

    from whisper_at_hf import WhisperATForAudioClassification

    model = WhisperATForAudioClassification.from_whisper(whisper_folder, labels=["Dog", "Rain"])
    model.save_pretrained(tmp_path)
    WhisperFeatureExtractor.from_pretrained(whisper_folder).save_pretrained(tmp_path)
    tagger = TransformersTagger(tmp_path)
    assert tagger.labels == ["Dog", "Rain"] and tagger(CLIPS).shape == (2, 2)


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(InputError, match="no audio classification model"):
        TransformersTagger(tmp_path)


def test_a_label_without_a_name_is_refused(tmp_path):
    folder = save_ast(tmp_path / "ast")
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"3": "never there"', '"7": "never there"'))
    with pytest.raises(InputError):
        TransformersTagger(folder)


@pytest.mark.parametrize("name", ["Loudness", "ready"])
def test_a_class_or_an_object_in_a_file(code, name):
    tagger = load_tagger(f"{code}:{name}")
    np.testing.assert_allclose(tagger([sine(0.1, amplitude=0.5)]), [[0.5, 0.5]], atol=1e-3)


def test_a_module_by_name(code, monkeypatch):
    monkeypatch.syspath_prepend(code.parent)
    assert load_tagger("my_tagger:ready").labels == ["loud", "quiet"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("my_tagger", "does not name code; use module:name"),
        ("no_such_module:x", "no_such_module cannot be imported .ModuleNotFoundError"),
        ("{code}:nothing", "has no 'nothing'"),
        ("{code}:number", "failed .TypeError"),
        ("{code}:broken", "failed .RuntimeError: no luck.; mend it"),
        ("{code}.gone.py:x", "cannot be imported"),
    ],
)
def test_what_is_no_tagger_is_refused_in_one_sentence(code, spec, message):
    with pytest.raises(InputError, match=message) as caught:
        load_tagger(spec.format(code=code))
    assert "\n" not in str(caught.value)
