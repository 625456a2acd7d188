"""Configurations: heads survive every way a config travels, and a Whisper-AT stays a Whisper to transformers."""

import copy
import json
import pickle

import pytest
from tiny import LABELS, head_config, tiny_config, tiny_model
from transformers import AutoConfig

from whisper_at_hf import TLTRConfig, WhisperATConfig, WhisperATForConditionalGeneration
from whisper_at_hf.model.configuration_whisper_at import AGGREGATIONS

TWO_HEADS = {
    "sounds": head_config(thresholds={"Rain": 0.6, "Waves, surf": 0.1}, window_length_s=2.0),
    "moods": head_config(["calm", "angry"], problem_type="single_label_classification", projection_dim=8),
}


def travelled(config, way, folder):
    """The config after a trip through a file or through Python's own copying."""
    if way == "saved":
        config.save_pretrained(folder)
        return type(config).from_pretrained(folder)
    if way == "auto":
        config.save_pretrained(folder)
        return AutoConfig.from_pretrained(folder)
    if way == "dict":
        return type(config).from_dict(config.to_dict())
    return copy.deepcopy(config) if way == "deepcopy" else pickle.loads(pickle.dumps(config))


@pytest.mark.parametrize("way", ["saved", "auto", "dict", "deepcopy", "pickle"])
def test_every_copy_carries_the_same_heads(way, tmp_path):
    config = travelled(tiny_config(TWO_HEADS, default_head="moods", freeze_backbone=False), way, tmp_path)

    assert type(config) is WhisperATConfig
    assert set(config.heads) == {"sounds", "moods"}
    assert all(type(head) is TLTRConfig for head in config.heads.values())
    sounds, moods = config.heads["sounds"], config.heads["moods"]
    assert sounds.labels == LABELS
    assert sounds.thresholds == {"Rain": 0.6, "Waves, surf": 0.1}
    assert (sounds.window_length_s, sounds.projection_dim) == (2.0, None)
    assert sounds.problem_type == "multi_label_classification"
    assert moods.id2label == {0: "calm", 1: "angry"}
    assert (moods.problem_type, moods.projection_dim) == ("single_label_classification", 8)
    assert config.default_head == "moods"
    assert config.freeze_backbone is False
    assert (config.d_model, config.encoder_layers, config.max_source_positions) == (16, 2, 100)


@pytest.mark.parametrize("way", ["made", "saved", "auto", "dict", "deepcopy", "pickle"])
def test_model_type_is_whisper_at_and_passes_for_whisper(way, tmp_path):
    config = tiny_config()
    if way != "made":
        config = travelled(config, way, tmp_path)

    assert config.model_type == "whisper_at"
    assert config.model_type == "whisper"
    assert not config.model_type != "whisper"
    assert config.model_type != "wav2vec2"
    assert {"whisper": "stock", "whisper_at": "ours"}[config.model_type] == "ours"


def test_model_type_is_written_as_whisper_at(tmp_path):
    config = tiny_config()
    config.save_pretrained(tmp_path / "once")
    WhisperATConfig.from_pretrained(tmp_path / "once").save_pretrained(tmp_path / "twice")

    for folder in ("once", "twice"):
        assert json.loads((tmp_path / folder / "config.json").read_text())["model_type"] == "whisper_at"
    assert json.loads(config.to_json_string())["model_type"] == "whisper_at"
    assert (tmp_path / "once" / "config.json").read_text() == (tmp_path / "twice" / "config.json").read_text()


def test_a_head_config_travels_alone(tmp_path):
    TWO_HEADS["sounds"].save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)

    assert type(loaded) is TLTRConfig
    assert loaded.model_type == "tltr"
    assert loaded.labels == LABELS
    assert loaded.label2id == {label: index for index, label in enumerate(LABELS)}
    assert loaded.thresholds == {"Rain": 0.6, "Waves, surf": 0.1}


@pytest.mark.parametrize("default, labels", [(None, LABELS), ("sounds", LABELS), ("moods", ["calm", "angry"])])
def test_top_level_labels_mirror_the_default_head(default, labels, tmp_path):
    config = tiny_config(TWO_HEADS, default_head=default)
    config.save_pretrained(tmp_path)
    written = json.loads((tmp_path / "config.json").read_text())

    for one in (config, WhisperATConfig.from_pretrained(tmp_path)):
        head = one.heads[one.default_head]
        assert list(one.id2label.values()) == labels
        assert one.label2id == {label: index for index, label in enumerate(labels)}
        assert one.num_labels == len(labels)
        assert one.problem_type == head.problem_type
    assert list(written["id2label"].values()) == labels


def test_no_heads_is_no_default_head(tmp_path):
    config = tiny_config({})
    config.save_pretrained(tmp_path)
    assert (config.heads, config.default_head) == ({}, None)
    assert (WhisperATConfig.from_pretrained(tmp_path).heads, WhisperATConfig().default_head) == ({}, None)


def test_the_configs_of_two_models_share_nothing():
    config = tiny_config(TWO_HEADS)
    other = copy.deepcopy(config)
    other.heads["sounds"].thresholds["Rain"] = 0.9
    other.id2label[0] = "changed"
    assert config.heads["sounds"].thresholds["Rain"] == 0.6
    assert config.id2label[0] == "Speech"


def test_pooling_size_is_the_heads(tmp_path):
    config = tiny_config({"coarse": head_config(pooling_size=50)})
    assert config.pooling_size == 50
    assert config.heads["coarse"].step_seconds == 1.0
    assert tiny_config({}).pooling_size == 20
    assert head_config().step_seconds == 0.4


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"aggregation": "max"}, "aggregation='max'.*tltr.*weighted_time"),
        ({"thresholds": {"Snow": 0.5}}, "Snow"),
        ({"id2label": {0: "Rain", 1: "Rain"}}, "twice"),
        ({"num_layer_attention_heads": 3}, "num_layer_attention_heads=3.*16"),
        ({"num_time_attention_heads": 5}, "num_time_attention_heads=5.*16"),
        ({"projection_dim": 6}, "num_layer_attention_heads=4.*6"),
        ({"encoder_layers": 10**40}, "encoder_layers is beyond 1000"),
        ({"projection_per_layer": True}, "projection_per_layer=True needs"),
        ({"projection_per_layer": True, "projection_dim": 8, "aggregation": "mean"}, "projection_per_layer=True"),
    ],
)
def test_impossible_heads_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        head_config(**changes)


def test_a_head_must_be_multi_or_single_label():
    with pytest.raises(ValueError, match="regression"):
        head_config(problem_type="regression")


def test_every_aggregation_is_accepted():
    assert {head_config(aggregation=name).aggregation for name in AGGREGATIONS} == set(AGGREGATIONS)


@pytest.mark.parametrize(
    "heads, changes, message",
    [
        ({"a.b": head_config()}, {}, "'a.b'.*without dots"),
        ({"": head_config()}, {}, "non-empty"),
        ({}, {"encoder_layers": 1001}, "encoder_layers is beyond 1000"),
        ({}, {"decoder_layers": 10**40}, "decoder_layers is beyond 1000"),
        ({"a": "a head"}, {}, r"heads\['a'\].*str"),
        ({"a": head_config()}, {"default_head": "b"}, r"default_head='b'.*\(a\)"),
        ({"a": head_config(), "b": head_config(pooling_size=10)}, {}, "same pooling_size"),
    ],
)
def test_impossible_sets_of_heads_are_refused(heads, changes, message):
    with pytest.raises(ValueError, match=message):
        tiny_config(heads, **changes)


def test_heads_may_be_given_as_plain_dictionaries():
    config = tiny_config({"default": head_config().to_dict()})
    assert type(config.heads["default"]) is TLTRConfig
    assert config.heads["default"].labels == LABELS


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_attn_implementation_reaches_every_head(implementation, tmp_path):
    tiny_model(heads=TWO_HEADS).save_pretrained(tmp_path)
    model = WhisperATForConditionalGeneration.from_pretrained(tmp_path, attn_implementation=implementation)

    attentions = [module for module in model.modules() if type(module).__name__ == "WhisperAttention"]
    assert len(attentions) == 2 + 2 * 2 + 2 * 2  # encoder, decoder (self and cross), two heads (time and layer)
    assert {attention.config._attn_implementation for attention in attentions} == {implementation}


def test_set_attn_implementation_reaches_every_head():
    model = tiny_model(heads=TWO_HEADS)
    model.set_attn_implementation("eager")
    for head in model.heads.values():
        assert head.time_block.self_attn.config._attn_implementation == "eager"
    model.set_attn_implementation("sdpa")
    for head in model.heads.values():
        assert head.layer_block.self_attn.config._attn_implementation == "sdpa"


def test_a_number_of_labels_that_is_no_heads_is_refused(tmp_path):
    WhisperATConfig(heads={"default": head_config()}).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="Labels belong to a head"):
        WhisperATConfig.from_pretrained(tmp_path, num_labels=77)
