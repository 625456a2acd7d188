"""Heads as plug-ins of one frozen Whisper: add, drop, load, save, put on any checkpoint, tag."""

import json

import pytest
import torch
from tiny import (
    FRAMES,
    LABELS,
    LAYERS,
    STEPS,
    WIDTH,
    head_config,
    head_parameters,
    log_mels,
    randomised,
    save_plain_whisper,
    tiny_model,
)

from whisper_at_hf import (
    InputError,
    TLTRConfig,
    TLTRForAudioClassification,
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
)
from whisper_at_hf.model.modeling_heads import load_saved_head

BOTH = pytest.mark.parametrize("model_class", [WhisperATForConditionalGeneration, WhisperATForAudioClassification])


def fresh_head(seed=7, **changes):
    torch.manual_seed(seed)
    return randomised(TLTRForAudioClassification(head_config(**changes)), seed).eval()


def trainable(model):
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


class TestAddAndDrop:
    def test_labels_make_a_fresh_head(self):
        model = tiny_model(heads={}, d_model=32)
        head = model.add_head("animals", ["Dog", "Cat"])
        assert head is model.get_head() is model.get_head("animals")
        assert (head.config.d_model, head.config.encoder_layers, head.config.labels) == (32, LAYERS, ["Dog", "Cat"])
        assert head(torch.zeros(1, LAYERS, 3, 32)).logits.shape == (1, 2)

    def test_a_head_or_its_configuration(self):
        model = tiny_model(heads={})
        head = fresh_head()
        assert model.add_head("made", head) is head
        assert model.add_head("configured", head_config(["a", "b"])).config.labels == ["a", "b"]
        assert list(model.config.heads) == list(model.heads) == ["made", "configured"]

    def test_the_first_head_is_the_default_and_its_labels_are_the_models(self):
        model = tiny_model(heads={})
        model.add_head("first", ["a", "b"])
        model.add_head("second", ["c"])
        assert model.config.default_head == "first"
        assert model.config.id2label == {0: "a", 1: "b"}
        model.drop_head("first")
        assert model.config.default_head == "second"
        assert model.config.id2label == {0: "c"}
        model.drop_head("second")
        assert (model.config.default_head, model.config.heads, len(model.heads)) == (None, {}, 0)

    def test_a_dropped_head_leaves_the_checkpoint(self, tmp_path):
        model = tiny_model()
        model.add_head("other", ["a"])
        model.drop_head("default")
        model.save_pretrained(tmp_path)
        loaded, info = WhisperATForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
        assert not info["missing_keys"] and not info["unexpected_keys"]
        assert list(loaded.heads) == ["other"] and loaded.config.default_head == "other"

    @pytest.mark.parametrize("name", ["", 5, "a.b", "keys", "forward", "training", "_modules"])
    def test_unusable_names_are_refused(self, name):
        model = tiny_model()
        with pytest.raises(InputError, match="cannot name a head"):
            model.add_head(name, ["a"])
        assert list(model.config.heads) == list(model.heads) == ["default"]

    @pytest.mark.parametrize("labels", ["Dog", [], ["Dog", "Dog"], 5, ["Dog", None], [["Dog"]], [b"Dog"], {0: "Dog"}])
    def test_unusable_labels_are_refused(self, labels):
        with pytest.raises(InputError, match="list of different names"):
            tiny_model().add_head("new", labels)

    def test_names_in_use_and_unknown_names(self):
        model = tiny_model()
        with pytest.raises(InputError, match="already has a head 'default'"):
            model.add_head("default", ["a"])
        for action in (model.get_head, model.drop_head):
            with pytest.raises(InputError, match="no head 'nope'; it has default"):
                action("nope")
        with pytest.raises(InputError, match="no tagging head"):
            tiny_model(heads={}).get_head()

    @pytest.mark.parametrize(
        "changes, message",
        [
            ({"encoder_layers": 6}, "Head 'new' reads 6 encoder layers, but this Whisper has 2"),
            ({"d_model": 32}, "Head 'new' reads 32 wide encoder states, but this Whisper has 16"),
        ],
    )
    def test_a_head_of_another_whisper_is_refused_with_both_numbers(self, changes, message, tmp_path):
        model = tiny_model()
        head = fresh_head(**changes)
        head.save_pretrained(tmp_path)
        for action in (
            lambda: model.add_head("new", head),
            lambda: model.add_head("new", head.config),
            lambda: model.load_head(tmp_path, "new"),
        ):
            with pytest.raises(InputError, match=message):
                action()
        assert list(model.config.heads) == list(model.heads) == ["default"]

    def test_a_head_of_another_pooling_is_refused_and_changes_nothing(self):
        model = tiny_model()
        with pytest.raises(InputError, match="pooling_size"):
            model.add_head("new", head_config(pooling_size=10))
        assert list(model.config.heads) == list(model.heads) == ["default"]

    def test_the_first_head_sets_the_pooling(self):
        model = tiny_model(heads={})
        model.add_head("coarse", head_config(pooling_size=50))
        assert model.get_pooled_states(log_mels()).shape == (1, LAYERS, 2, WIDTH)

    def test_a_head_comes_in_the_models_dtype_and_mode(self):
        model = tiny_model().bfloat16().train()
        head = model.add_head("new", fresh_head())
        assert {weight.dtype for weight in head.parameters()} == {torch.bfloat16}
        assert head.training
        assert not model.eval().add_head("newer", ["a"]).training


class TestSaveAndLoad:
    def test_a_head_travels_alone(self, tmp_path):
        model = tiny_model(heads={"default": head_config(), "moods": head_config(["a", "b"], projection_dim=8)})
        model.save_head("moods", tmp_path)
        other = tiny_model(seed=5)
        other.load_head(tmp_path, "feelings")

        assert {"model.safetensors", "config.json"} == {file.name for file in tmp_path.iterdir()}
        states = torch.randn(2, LAYERS, STEPS, WIDTH)
        torch.testing.assert_close(other.heads["feelings"](states).logits, model.heads["moods"](states).logits)
        assert other.config.heads["feelings"].labels == ["a", "b"]
        assert json.loads((tmp_path / "config.json").read_text())["model_type"] == "tltr"

    def test_a_folder_that_holds_no_head_is_refused(self, tmp_path):
        tiny_model().save_pretrained(tmp_path / "full")
        save_plain_whisper(tmp_path / "whisper")
        for folder in ("full", "whisper"):
            model = tiny_model()
            with pytest.raises(InputError, match=folder):
                model.load_head(tmp_path / folder, "new")
            assert list(model.heads) == ["default"]

    @BOTH
    def test_all_heads_are_saved_with_the_model(self, model_class, tmp_path):
        heads = {name: head_config(aggregation=name) for name in ("tltr", "weighted_time", "last")}
        model = tiny_model(model_class, heads=heads, default_head="last")
        model.save_pretrained(tmp_path)
        loaded, info = model_class.from_pretrained(tmp_path, output_loading_info=True)

        assert not any(info.values())
        assert loaded.config.default_head == "last"
        states = model.get_pooled_states(log_mels())
        torch.testing.assert_close(loaded.get_pooled_states(log_mels()), states)
        for name in heads:
            torch.testing.assert_close(loaded.heads[name](states).logits, model.heads[name](states).logits)
        for name, weight in model.state_dict().items():
            assert torch.equal(loaded.state_dict()[name], weight), name

    def test_heads_in_another_dtype(self, tmp_path):
        tiny_model().save_pretrained(tmp_path)
        loaded = WhisperATForConditionalGeneration.from_pretrained(tmp_path, dtype=torch.bfloat16)
        assert {weight.dtype for weight in loaded.parameters()} == {torch.bfloat16}


class TestFreezing:
    @BOTH
    def test_only_heads_train_at_first_and_after_loading(self, model_class, tmp_path):
        model = tiny_model(model_class)
        assert trainable(model) == head_parameters(model) != set()
        model.save_pretrained(tmp_path)
        for loaded in (
            model_class.from_pretrained(tmp_path),
            model_class.from_pretrained(tmp_path, output_loading_info=True)[0],
        ):
            assert trainable(loaded) == head_parameters(model)
            assert model.add_head("late", ["a"]).classifier.weight.requires_grad
            model.drop_head("late")

    @BOTH
    def test_train_leaves_a_frozen_backbone_in_evaluation_mode(self, model_class):
        model = tiny_model(model_class, dropout=0.5).train()
        assert model.training and model.heads["default"].training
        assert not any(module.training for module in model.model.modules())
        assert torch.equal(model.get_pooled_states(log_mels()), model.eval().get_pooled_states(log_mels()))

    @BOTH
    def test_unfreezing(self, model_class, tmp_path):
        model = tiny_model(model_class).train()
        model.unfreeze_backbone()
        everything = {name for name, _ in model.named_parameters()}
        assert trainable(model) == everything - {"model.encoder.embed_positions.weight"}
        assert model.model.encoder.layers[0].training
        assert not model.eval().model.encoder.layers[0].training
        assert model.train().model.encoder.layers[0].training

        model.save_pretrained(tmp_path)
        loaded = model_class.from_pretrained(tmp_path)
        assert trainable(loaded) == trainable(model)
        loaded.freeze_backbone()
        assert trainable(loaded) == head_parameters(model)

    def test_the_text_output_layer_is_frozen_too_where_it_is_not_tied(self):
        assert trainable(tiny_model(tie_word_embeddings=False)) == head_parameters(tiny_model())


class TestFromWhisper:
    def test_with_labels(self, tmp_path):
        whisper = save_plain_whisper(tmp_path)
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path, labels=["Dog", "Rain"], head_name="animals")

        assert list(model.heads) == ["animals"] and model.config.id2label == {0: "Dog", 1: "Rain"}
        assert model.config.model_type == "whisper_at" and model.get_head().config.aggregation == "tltr"
        for name, weight in whisper.state_dict().items():
            assert torch.equal(model.state_dict()[name], weight), name
        assert trainable(model) == head_parameters(model)

    @BOTH
    def test_with_a_saved_head(self, model_class, tmp_path):
        save_plain_whisper(tmp_path / "whisper")
        head = fresh_head(thresholds={"Rain": 0.7})
        head.save_pretrained(tmp_path / "head")
        model = model_class.from_whisper(str(tmp_path / "whisper"), head=tmp_path / "head")

        states = torch.randn(1, LAYERS, STEPS, WIDTH)
        torch.testing.assert_close(model.get_head("default")(states).logits, head(states).logits)
        assert model.config.heads["default"].thresholds == {"Rain": 0.7}

    @BOTH
    def test_with_nothing_it_has_no_head(self, model_class, tmp_path):
        save_plain_whisper(tmp_path)
        model = model_class.from_whisper(tmp_path)
        assert len(model.heads) == 0
        with pytest.raises(InputError, match="no tagging head"):
            model.tag(log_mels())

    @BOTH
    @pytest.mark.parametrize("changes", [{"num_mel_bins": 128}, {"decoder_layers": 1}, {"vocab_size": 80}])
    def test_other_whispers(self, model_class, changes, tmp_path):
        """128 mel bins as large-v3 has, a distilled decoder, other tokens; also after saving and loading."""
        whisper = save_plain_whisper(tmp_path / "whisper", **changes)
        model = model_class.from_whisper(tmp_path / "whisper", labels=LABELS)
        model.save_pretrained(tmp_path / "ours")
        features = log_mels(mels=changes.get("num_mel_bins", 8))
        expected = whisper.model.encoder(features).last_hidden_state
        for one in (model, model_class.from_pretrained(tmp_path / "ours")):
            torch.testing.assert_close(one.model.encoder(features).last_hidden_state, expected)
            assert one.get_pooled_states(features).shape == (1, LAYERS, STEPS, WIDTH)
            assert [window["timestamp"] for window in one.tag(features)[0]] == [(0.0, 2.0)]

    def test_the_text_is_the_stock_models_also_after_saving(self, tmp_path):
        whisper = save_plain_whisper(tmp_path / "whisper")
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path / "whisper", labels=LABELS)
        model.save_pretrained(tmp_path / "ours")
        tokens = torch.tensor([[51, 3, 17, 42]])
        expected = whisper(log_mels(), decoder_input_ids=tokens).logits
        for one in (model, WhisperATForConditionalGeneration.from_pretrained(tmp_path / "ours")):
            torch.testing.assert_close(one(log_mels(), decoder_input_ids=tokens).logits, expected)

    def test_the_generation_config_comes_along(self, tmp_path):
        whisper = save_plain_whisper(tmp_path)
        whisper.generation_config.max_length = 17
        whisper.generation_config.suppress_tokens = [1, 2]
        whisper.save_pretrained(tmp_path)
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path)
        assert model.generation_config.max_length == 17
        assert model.generation_config.suppress_tokens == [1, 2]

    def test_options_of_from_pretrained(self, tmp_path):
        save_plain_whisper(tmp_path)
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path, labels=["a"], dtype=torch.bfloat16)
        assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}

    @pytest.mark.parametrize("kind", ["regression", "", 5, ["multi_label_classification"]])
    def test_an_unknown_problem_type_is_refused(self, tmp_path, kind):
        save_plain_whisper(tmp_path)
        with pytest.raises(InputError, match="cannot do problem_type=.*; use multi_ or single_label_classification"):
            WhisperATForConditionalGeneration.from_whisper(tmp_path, labels=["a"], problem_type=kind)

    def test_head_and_labels_together_are_refused(self, tmp_path):
        with pytest.raises(InputError, match="head= for a saved head or labels= for a fresh one, not both"):
            WhisperATForConditionalGeneration.from_whisper(tmp_path, head=tmp_path, labels=["a"])

    def test_other_models_are_refused(self, tmp_path):
        TLTRConfig().save_pretrained(tmp_path)
        with pytest.raises(InputError, match="type 'tltr'; pass a Whisper checkpoint"):
            WhisperATForConditionalGeneration.from_whisper(tmp_path, labels=["a"])

    def test_a_whisper_with_heads_is_refused_and_one_without_is_taken(self, tmp_path):
        tiny_model().save_pretrained(tmp_path / "with")
        with pytest.raises(InputError, match="already carries heads.*add_head"):
            WhisperATForConditionalGeneration.from_whisper(tmp_path / "with", labels=["a"])
        tiny_model(heads={}).save_pretrained(tmp_path / "without")
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path / "without", labels=["a"])
        assert model.config.default_head == "default"

    def test_a_head_that_does_not_fit_is_refused(self, tmp_path):
        save_plain_whisper(tmp_path / "whisper")
        fresh_head(d_model=32).save_pretrained(tmp_path / "head")
        with pytest.raises(InputError, match="32 wide.*has 16"):
            WhisperATForConditionalGeneration.from_whisper(tmp_path / "whisper", head=tmp_path / "head")


class TestPooledStates:
    def test_long_input_is_encoded_window_by_window(self):
        model = tiny_model()
        features = log_mels(batch=2, frames=2 * FRAMES + 70)
        states = model.get_pooled_states(features)
        assert states.shape == (2, LAYERS, 3 * STEPS, WIDTH)

        for index, window in enumerate(features[:, :, : 2 * FRAMES].split(FRAMES, dim=2)):
            expected = model.get_pooled_states(window)
            torch.testing.assert_close(states[:, :, index * STEPS : (index + 1) * STEPS], expected)

    def test_a_row_does_not_depend_on_the_others_of_its_batch(self):
        model = tiny_model()
        quiet, loud = log_mels(frames=300), 3 * log_mels(frames=300, seed=1)
        together = model.get_pooled_states(torch.cat([quiet, loud]))
        for row, features in enumerate((quiet, loud)):
            torch.testing.assert_close(together[row], model.get_pooled_states(features)[0], atol=1e-4, rtol=1e-4)

    def test_the_padding_is_the_rows_own_silence(self):
        model = tiny_model()
        features = log_mels(frames=300)
        padded = torch.nn.functional.pad(features, (0, 100), value=float(features.min()))
        torch.testing.assert_close(model.get_pooled_states(features), model.get_pooled_states(padded))

    def test_it_keeps_no_gradients(self):
        model = tiny_model()
        model.unfreeze_backbone()
        assert not model.get_pooled_states(log_mels()).requires_grad

    def test_several_heads_share_one_pass(self):
        model = tiny_model(heads={"a": head_config(), "b": head_config(["x"]), "c": head_config(["y", "z"])})
        passes = []
        model.model.encoder.conv1.register_forward_hook(lambda *_: passes.append(1))
        states = model.get_pooled_states(log_mels())[0]
        logits = {name: model.get_tag_logits(states, FRAMES, head=name) for name in "abc"}
        assert len(passes) == 1
        assert {name: tuple(value.shape) for name, value in logits.items()} == {"a": (1, 4), "b": (1, 1), "c": (1, 2)}


class TestTagLogits:
    @pytest.mark.parametrize("at_time_res, at_hop", [(2.0, None), (2.0, 0.4), (2.0, 1.2), (0.4, None)])
    def test_a_long_file_is_tagged_in_parts(self, at_time_res, at_hop):
        """No call of the head gets more than 640 s of windows, and the parts give what one call gives."""
        model = tiny_model()
        states = torch.randn(LAYERS, 1700, WIDTH, generator=torch.Generator().manual_seed(0))
        num_frames = 1700 * 40 - 30
        sizes = []
        head = model.get_head()
        head.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape[0] * inputs[0].shape[2]))
        logits = model.get_tag_logits(states, num_frames, at_time_res, at_hop=at_hop)
        assert len(sizes) > 1 and max(sizes) <= 1600
        steps, hop = (round((seconds or at_time_res) / 0.4) for seconds in (at_time_res, at_hop))
        padded = torch.nn.functional.pad(states, (0, 0, 0, steps))
        windows = torch.stack([padded[:, first : first + steps] for first in range(0, 1700, hop)])
        torch.testing.assert_close(logits, head(windows).logits, atol=1e-4, rtol=1e-4)

    def test_a_bad_hop_is_refused(self):
        with pytest.raises(InputError, match="at_hop=3 cannot"):
            tiny_model().get_tag_logits(torch.zeros(LAYERS, STEPS, WIDTH), FRAMES, at_hop=3)


class TestTagWindow:
    @pytest.mark.parametrize(
        "window_length_s, padding, frames",
        [(0.8, "trim", 80), (0.8, "context", 80), (0.8, "pad", FRAMES), (10.0, "trim", FRAMES)],
    )
    def test_the_default_head_decides(self, window_length_s, padding, frames):
        head = head_config(window_length_s=window_length_s, input_padding=padding)
        assert tiny_model(heads={"a": head, "b": head_config()}).tag_window_frames == frames

    def test_without_heads_it_is_the_full_window(self):
        assert tiny_model(heads={}).tag_window_frames == FRAMES


class TestTag:
    def test_overlapping_windows(self):
        found = tiny_model().tag(log_mels(), at_time_res=0.8, at_hop=0.4)[0]
        assert [window["timestamp"] for window in found] == [
            (0.0, 0.8), (0.4, 1.2), (0.8, 1.6), (1.2, 2.0), (1.6, 2.0),
        ]  # fmt: skip

    def test_windows_scores_and_times(self):
        model = tiny_model()
        features = log_mels(batch=2, frames=2 * FRAMES)
        results = model.tag(features, at_time_res=0.8, threshold=0, top_k=None)
        states = model.get_pooled_states(features)

        assert len(results) == 2
        for row, windows in zip(states, results, strict=True):
            assert [window["timestamp"] for window in windows] == [
                (0.0, 0.8), (0.8, 1.6), (1.6, 2.4), (2.4, 3.2), (3.2, 4.0),
            ]  # fmt: skip
            for index, window in enumerate(windows):
                scores = model.get_head()(row[None, :, 2 * index : 2 * index + 2]).logits[0].sigmoid().tolist()
                found = {tag["label"]: tag["score"] for tag in window["tags"]}
                assert [found[label] for label in LABELS] == pytest.approx(scores, abs=1e-5)

    def test_the_mask_says_where_each_file_ends(self):
        model = tiny_model()
        mask = torch.zeros(2, FRAMES, dtype=torch.long)
        mask[0, :85], mask[1, :160] = 1, 1
        results = model.tag(log_mels(batch=2), attention_mask=mask, at_time_res=0.8)
        assert [[window["timestamp"] for window in row] for row in results] == [
            [(0.0, 0.8), (0.8, 0.85)],
            [(0.0, 0.8), (0.8, 1.6)],
        ]

    def test_a_window_longer_than_the_input_is_filled_with_zeros(self):
        model = tiny_model()
        states = model.get_pooled_states(log_mels())[0]
        padded = torch.nn.functional.pad(states, (0, 0, 0, 20))
        torch.testing.assert_close(model.get_tag_logits(states, FRAMES), model.get_head()(padded[None]).logits)

    def test_named_heads_labels_and_thresholds(self):
        fitted = head_config(["x", "y"], thresholds={"x": 1.0, "y": 0.0})
        model = tiny_model(heads={"default": head_config(), "other": fitted})
        assert [tag["label"] for tag in model.tag(log_mels(), head="other")[0][0]["tags"]] == ["y"]
        found = model.tag(log_mels(), labels=["Dog", "Rain"], threshold=0, top_k=1)[0][0]["tags"]
        assert len(found) == 1 and found[0]["label"] in ("Dog", "Rain")
        with pytest.raises(InputError, match="no label 'Dgo'; did you mean 'Dog'"):
            model.tag(log_mels(), labels=["Dgo"])
        with pytest.raises(InputError, match="no head 'nope'"):
            model.tag(log_mels(), head="nope")
        with pytest.raises(InputError, match="at_time_res=0.3"):
            model.tag(log_mels(), at_time_res=0.3)

    def test_single_label_scores_add_up(self):
        model = tiny_model(heads={"default": head_config(problem_type="single_label_classification")})
        tags = model.tag(log_mels(), threshold=0)[0][0]["tags"]
        assert sum(tag["score"] for tag in tags) == pytest.approx(1)

    def test_bfloat16_is_near_float32(self):
        model = tiny_model()
        exact = model.tag(log_mels(), threshold=0)[0][0]["tags"]
        model = model.bfloat16()
        assert model.get_pooled_states(log_mels().bfloat16()).dtype == torch.bfloat16
        rough = {tag["label"]: tag["score"] for tag in model.tag(log_mels(), threshold=0)[0][0]["tags"]}
        assert {tag["label"]: tag["score"] for tag in exact} == pytest.approx(rough, abs=0.05)
        assert model.get_tag_logits(torch.zeros(LAYERS, STEPS, WIDTH), FRAMES).dtype == torch.float32

    @BOTH
    def test_both_models_give_the_same_tags_after_saving(self, model_class, tmp_path):
        model = tiny_model()
        model.save_pretrained(tmp_path)
        expected = model.tag(log_mels(), threshold=0)[0][0]["tags"]
        found = model_class.from_pretrained(tmp_path).tag(log_mels(), threshold=0)[0][0]["tags"]
        assert [tag["label"] for tag in found] == [tag["label"] for tag in expected]
        assert [tag["score"] for tag in found] == pytest.approx([tag["score"] for tag in expected])


@BOTH
def test_labels_of_ones_own_need_a_head_of_their_own(model_class, tmp_path):
    """The stock fine-tuning recipe passes labels to from_pretrained; they must not silently miss the logits."""
    tiny_model(model_class).save_pretrained(tmp_path)
    labels = {"id2label": {0: "x", 1: "y"}, "label2id": {"x": 0, "y": 1}}
    for arguments in ({"num_labels": 77}, labels):
        with pytest.raises(ValueError, match="Labels belong to a head"):
            model_class.from_pretrained(tmp_path, **arguments)


def test_a_head_with_an_impossible_config_is_refused(tmp_path):
    model = tiny_model()
    model.save_head("default", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "projection_per_layer": True}))
    with pytest.raises(InputError, match=f"{tmp_path}.*cannot be used.*projection_per_layer=True needs"):
        model.load_head(tmp_path, "second")


def test_a_head_with_missing_weights_is_refused(tmp_path):
    """transformers would fill them with random numbers and go on."""
    model = tiny_model()
    model.save_head("default", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "projection_dim": 8}))
    with pytest.raises(InputError, match=f"{tmp_path}.*(lacks|do not fit)"):
        model.load_head(tmp_path, "second")


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "null",
        "no JSON",
        '{"model_type": "tltr", "id2label": "x"}',
        '{"model_type": "tltr", "dtype": "x"}',
        '{"model_type": "tltr", "num_time_attention_heads": {}}',
    ],
)
def test_a_head_with_a_broken_config_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match="The head in '.*' has a config.json that cannot be"):
        load_saved_head(tmp_path)


def test_a_head_with_a_value_that_transformers_trips_over_is_refused(tmp_path):
    tiny_model().save_head("default", tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(values | {"dtype": 1.5}))
    with pytest.raises(InputError, match="The head in '.*' cannot be loaded"):
        load_saved_head(tmp_path)
