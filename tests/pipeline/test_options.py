"""The pipeline's tag parameters on models with several heads."""

import pytest
import torch
from tiny import LABELS, LAYERS, WIDTH, head_config, tiny_model

from whisper_at_hf import InputError
from whisper_at_hf.model.tagging import resolve_thresholds
from whisper_at_hf.pipeline.options import TagOptions

MOODS = ["calm", "angry", "Dog"]


@pytest.fixture(scope="module")
def model():
    moods = head_config(MOODS, problem_type="single_label_classification")
    return tiny_model(heads={"sounds": head_config(), "moods": moods})


@pytest.fixture(scope="module")
def states():
    return torch.randn(LAYERS, 12, WIDTH, generator=torch.Generator().manual_seed(0))


def tag(model, states, num_frames=450, duration=4.503, **options):
    options = TagOptions(**{"at_time_res": 2.0, "threshold": 0.0, **options})
    options.check(model)
    heads = options.used_heads(model)
    logits = {
        name: model.get_tag_logits(states, num_frames, options.at_time_res, name, options.at_hop) for name in heads
    }
    return options.result(model, logits, duration)


def test_tags_are_the_default_heads_scores_window_by_window(model, states):
    result = tag(model, states)
    assert list(result) == ["audio_tags"]
    assert [window["timestamp"] for window in result["audio_tags"]] == [(0.0, 2.0), (2.0, 4.0), (4.0, 4.503)]
    for index, window in enumerate(result["audio_tags"]):
        part = states[:, index * 5 : (index + 1) * 5]
        part = torch.nn.functional.pad(part, (0, 0, 0, 5 - part.shape[1]))
        scores = model.heads["sounds"](part[None]).logits[0].sigmoid().tolist()
        assert {tag["label"]: tag["score"] for tag in window["tags"]} == pytest.approx(
            dict(zip(LABELS, scores, strict=True)), abs=1e-5
        )


def test_overlapping_windows(model, states):
    plain, result = (tag(model, states, return_logits=True, **options) for options in ({}, {"at_hop": 0.8}))
    starts = [0.0, 0.8, 1.6, 2.4, 3.2, 4.0]
    assert [window["timestamp"] for window in result["audio_tags"]] == [
        (start, min(round(start + 2, 1), 4.503)) for start in starts
    ]
    # Windows 0 and 5 are also windows 0 and 2 of those side by side.
    assert result["tag_logits"][[0, 5]] == pytest.approx(plain["tag_logits"][[0, 2]], abs=1e-5)
    assert len({tuple(row) for row in result["tag_logits"].tolist()}) == len(starts)


@pytest.mark.parametrize("heads", ["moods", ["moods"], ["moods", "sounds"]])
def test_named_heads_get_their_own_tags(model, states, heads):
    plain = tag(model, states)
    result = tag(model, states, heads=heads)
    assert result["audio_tags"] == plain["audio_tags"]
    assert list(result["tags_by_head"]) == ([heads] if isinstance(heads, str) else heads)
    for window in result["tags_by_head"]["moods"]:
        assert {tag["label"] for tag in window["tags"]} == set(MOODS)
        assert sum(tag["score"] for tag in window["tags"]) == pytest.approx(1)
    if "sounds" in heads:
        assert result["tags_by_head"]["sounds"] == result["audio_tags"]


def test_logits_are_those_behind_the_scores(model, states):
    result = tag(model, states, return_logits=True, heads=["moods"], top_k=None)
    assert result["tag_logits"].shape == (3, len(LABELS))
    assert result["tag_logits_by_head"]["moods"].shape == (3, len(MOODS))
    assert set(tag(model, states, return_logits=True)) == {"audio_tags", "tag_logits"}
    for row, window in zip(torch.from_numpy(result["tag_logits"]), result["audio_tags"], strict=True):
        scores = {tag["label"]: tag["score"] for tag in window["tags"]}
        assert [scores[label] for label in LABELS] == pytest.approx(row.sigmoid().tolist())


def test_top_k_and_labels_apply(model, states):
    assert [len(window["tags"]) for window in tag(model, states, top_k=2)["audio_tags"]] == [2, 2, 2]
    only = tag(model, states, labels="Rain")["audio_tags"]
    assert [[tag["label"] for tag in window["tags"]] for window in only] == [["Rain"]] * 3


def test_a_label_of_one_head_is_no_mistake_for_another(model, states):
    result = tag(model, states, heads=["moods"], labels=["Dog", "angry"], threshold={"angry": 0.0, "Dog": 0.0})
    assert [{tag["label"] for tag in window["tags"]} for window in result["audio_tags"]] == [{"Dog"}] * 3
    assert {tag["label"] for tag in result["tags_by_head"]["moods"][0]["tags"]} == {"Dog", "angry"}


@pytest.mark.parametrize(
    "options, message",
    [
        ({"at_time_res": 0.3}, "at_time_res=0.3"),
        ({"at_hop": 0.3}, "at_hop=0.3"),
        ({"at_hop": 12}, "at_hop=12 leaves"),
        ({"top_k": 0}, "top_k=0"),
        ({"threshold": 1.5}, "threshold=1.5"),
        ({"threshold": {"Rain": -1}}, "threshold=-1"),
        ({"threshold": {"Snow": 0.5}}, "'Snow'"),
        ({"labels": ["Snow"]}, "'Snow'"),
        ({"labels": ["Rain", "angry"]}, "'angry'"),
        ({"heads": ["nope"]}, "no head 'nope'.*sounds, moods"),
        ({"heads": "nope"}, "no head 'nope'"),
    ],
)
def test_bad_options_are_refused_before_any_audio(model, options, message):
    with pytest.raises(InputError, match=message):
        TagOptions(**options).check(model)


def test_a_model_without_heads_cannot_tag():
    with pytest.raises(InputError, match="no tagging head.*add_head"):
        TagOptions().check(tiny_model(heads={}))


def test_defaults_are_the_fitted_thresholds(states):
    model = tiny_model(heads={"default": head_config(thresholds={"Rain": 0.0, "Dog": 1.0})})
    windows = tag(model, states, 400, 4.0, threshold=None, top_k=None)["audio_tags"]
    limits = dict(zip(LABELS, resolve_thresholds(model.heads["default"].config).tolist(), strict=True))
    for window in windows:
        found = {tag["label"]: tag["score"] for tag in window["tags"]}
        assert "Rain" in found and "Dog" not in found
        assert all(score >= limits[label] for label, score in found.items())
