"""What the hub would refuse is named, without asking it."""

import pytest
from huggingface_hub import EvalResult, ModelCardData

from whisper_at_hf import InputError
from whisper_at_hf.cards import check_card

GOOD = {
    "license": "apache-2.0",
    "language": ["en", "pt-BR"],
    "library_name": "transformers",
    "pipeline_tag": "audio-classification",
    "base_model": "openai/whisper-tiny.en",
    "tags": ["whisper-at"],
    "metrics": ["mAP"],
}
SCORE = {
    "task_type": "audio-classification",
    "dataset_type": "audioset",
    "dataset_name": "AudioSet",
    "metric_type": "mAP",
    "metric_value": 35.8,
    "source_name": "a table",
    "source_url": "https://example.org/table",
}


def card(score: dict | None = None, **changes) -> str:
    results = None if score is None else [EvalResult(**{**SCORE, **score})]
    data = ModelCardData(**{**GOOD, "model_name": "a model", **changes}, eval_results=results)
    return f"---\n{data.to_yaml()}\n---\n\n# A model\n"


def test_what_the_hub_takes_is_given_back():
    data = check_card(card({}))
    assert data.to_dict() == ModelCardData(**GOOD, model_name="a model", eval_results=[EvalResult(**SCORE)]).to_dict()
    assert check_card(card(license="other", license_name="ours")).license_name == "ours"
    assert check_card(card(license=None, language=None, base_model=None)).license is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"license": "Apache License"}, "license is 'Apache License'"),
        ({"license": "other"}, "license_name is missing"),
        ({"pipeline_tag": "whisper-at"}, "pipeline_tag is 'whisper-at'"),
        ({"pipeline_tag": None}, "pipeline_tag is missing"),
        ({"library_name": None}, "library_name is missing"),
        ({"tags": None}, "tags is missing"),
        ({"tags": ["a", 7]}, "tags has 7, no text"),
        ({"language": "English"}, "language 'English' is no code"),
        ({"language": [False]}, "language False is no code"),
        ({"base_model": "../whisper tiny"}, "base_model '../whisper tiny' is no hub id"),
        ({"score": {"metric_value": "good"}}, "the score 'mAP' is 'good', no number"),
        ({"score": {"metric_value": float("nan")}}, "the score 'mAP' is not finite"),
        ({"score": {"metric_value": True}}, "no number"),
        ({"score": {"dataset_type": ""}}, "the score 'mAP' lacks its dataset_type"),
        ({"score": {"task_type": "tagging"}}, "the score 'mAP' is of task 'tagging'"),
        ({"score": {"source_url": "poster.pdf"}}, "a source that is no https address"),
    ],
)
def test_what_it_refuses_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        check_card(card(**changes))


@pytest.mark.parametrize(
    "text", ["# No metadata\n", "---\n- a list\n---\n", "---\na: [\n---\n", "---\nmodel-index: [1]\n---\n"]
)
def test_what_is_no_metadata(text):
    with pytest.raises(InputError, match="card's metadata"):
        check_card(text)
