"""The encoder that pools inside its pass, the model with text, and the model without, against stock Whisper."""

import inspect
import math

import pytest
import torch
from tiny import (
    FRAMES,
    LABELS,
    LAYERS,
    MELS,
    POOLING,
    POSITIONS,
    STEPS,
    WIDTH,
    head_config,
    head_parameters,
    log_mels,
    save_plain_whisper,
    tiny_model,
    train_one_step,
    whisper_values,
)
from torch import nn
from transformers import AudioClassificationPipeline, WhisperConfig, WhisperFeatureExtractor, pipeline
from transformers.models.whisper.modeling_whisper import WhisperEncoder, WhisperModel

from whisper_at_hf import (
    InputError,
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
    WhisperATModel,
)


def stock_encoder(model, positions=POSITIONS):
    """Stock Whisper's encoder with the same weights, for a window of that many positions."""
    encoder = WhisperEncoder(WhisperConfig(**whisper_values(max_source_positions=positions))).eval()
    state = model.model.encoder.state_dict()
    state["embed_positions.weight"] = state["embed_positions.weight"][:positions]
    encoder.load_state_dict(state)
    return encoder


def block_outputs(encoder, features):
    """What every block puts out, `(batch, layers, positions, width)`: before the final layer norm."""
    outputs = []
    hooks = [block.register_forward_hook(lambda _, __, output: outputs.append(output)) for block in encoder.layers]
    with torch.no_grad():
        encoder(features)
    for hook in hooks:
        hook.remove()
    return torch.stack(outputs, dim=1)


def averaged(blocks):
    steps = blocks.shape[2] // POOLING
    return blocks[:, :, : steps * POOLING].unflatten(2, (steps, POOLING)).mean(dim=3)


def reloaded(model, folder):
    model.save_pretrained(folder)
    return type(model).from_pretrained(folder)


def close(actual, expected):
    torch.testing.assert_close(actual, expected, atol=1e-5, rtol=1e-5)


class TestEncoder:
    def test_pooled_states_are_block_outputs_before_the_final_norm(self, tmp_path):
        model = tiny_model()
        features = log_mels(batch=3)
        blocks = block_outputs(stock_encoder(model), features)
        for one in (model, reloaded(model, tmp_path)):
            with torch.no_grad():
                outputs = one.model.encoder(features, output_pooled_states=True)
            assert outputs.pooled_states.shape == (3, LAYERS, STEPS, WIDTH)
            close(outputs.pooled_states, averaged(blocks))
            close(outputs.last_hidden_state, one.model.encoder.layer_norm(blocks[:, -1]))

    def test_the_last_layer_is_not_the_last_hidden_state(self):
        outputs = tiny_model().model.encoder(log_mels(), output_pooled_states=True, output_hidden_states=True)
        tempting = averaged(outputs.hidden_states[-1][:, None])[:, 0]
        assert (outputs.pooled_states[:, -1] - tempting).abs().max() > 0.1
        close(outputs.pooled_states[:, 0], averaged(outputs.hidden_states[1][:, None])[:, 0])

    @pytest.mark.parametrize("pooled", [False, True])
    def test_hidden_states_and_attentions_keep_their_stock_meaning(self, pooled):
        model = tiny_model()
        model.set_attn_implementation("eager")
        stock = stock_encoder(model)
        stock.set_attn_implementation("eager")
        options = {"output_hidden_states": True, "output_attentions": True}
        ours = model.model.encoder(log_mels(), output_pooled_states=pooled, **options)
        expected = stock(log_mels(), **options)
        close(ours.last_hidden_state, expected.last_hidden_state)
        for name in ("hidden_states", "attentions"):
            assert len(ours[name]) == len(expected[name]) > 0
            for one, other in zip(ours[name], expected[name], strict=True):
                close(one, other)
        assert (getattr(ours, "pooled_states", None) is not None) == pooled

    def test_without_asking_nothing_is_pooled(self):
        outputs = tiny_model().model.encoder(log_mels())
        assert set(outputs.keys()) == {"last_hidden_state"}

    def test_tuples(self):
        encoder = tiny_model().model.encoder
        named = encoder(log_mels(), output_pooled_states=True)
        states, pooled = encoder(log_mels(), output_pooled_states=True, return_dict=False)
        close(states, named.last_hidden_state)
        close(pooled, named.pooled_states)

    @pytest.mark.parametrize("positions", [20, 40, 80])
    def test_a_short_window_equals_an_encoder_of_that_size(self, positions, tmp_path):
        model = tiny_model()
        features = log_mels(batch=2, frames=2 * positions)
        small = stock_encoder(model, positions)
        expected = averaged(block_outputs(small, features))
        for one in (model, reloaded(model, tmp_path)):
            outputs = one.model.encoder(features, output_pooled_states=True, output_hidden_states=True)
            close(outputs.pooled_states, expected)
            close(outputs.last_hidden_state, small(features).last_hidden_state)
            assert [states.shape[1] for states in outputs.hidden_states] == [positions] * (LAYERS + 1)
            close(one.get_pooled_states(features), expected)

    def test_a_short_window_leaves_the_encoder_as_it_was(self):
        model = tiny_model()
        before = model.get_pooled_states(log_mels())
        weights = set(model.state_dict())
        model.get_pooled_states(log_mels(frames=80))
        assert model.model.encoder.config.max_source_positions == model.config.max_source_positions == POSITIONS
        close(model.get_pooled_states(log_mels()), before)
        assert set(model.state_dict()) == weights
        assert model.model.encoder.embed_positions.weight.shape == (POSITIONS, WIDTH)

    @pytest.mark.parametrize("frames", [0, 1, 39, 41, 60, FRAMES - 1, FRAMES + 1, FRAMES + 40])
    def test_other_numbers_of_frames_are_refused(self, frames):
        with pytest.raises(InputError, match=f"200 mel frames or a smaller multiple of 40, not {frames}; pad"):
            tiny_model().model.encoder(torch.zeros(1, MELS, frames))

    @pytest.mark.parametrize("checkpointing", [False, True])
    def test_a_thawed_encoder_learns_from_the_tags(self, checkpointing):
        model = tiny_model(WhisperATForAudioClassification)
        model.unfreeze_backbone()
        labels = torch.tensor([[1.0, 0, 1, 0]])
        model(log_mels(), labels=labels).loss.backward()
        expected = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
        assert all(f"model.encoder.layers.{index}.fc1.weight" in expected for index in range(LAYERS))

        if checkpointing:
            model.zero_grad()
            model.train()
            # transformers before 5.24 knows it by its old name only.
            getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)()
            model(log_mels(), labels=labels).loss.backward()
            for name, gradient in expected.items():
                close(dict(model.named_parameters())[name].grad, gradient)

    def test_bfloat16(self):
        model = tiny_model()
        exact = model.get_pooled_states(log_mels())
        rough = model.bfloat16().get_pooled_states(log_mels().bfloat16())
        assert rough.dtype == torch.bfloat16
        assert (rough.float() - exact).abs().max() < 0.05 * exact.abs().max()


class TestText:
    def test_the_model_is_stock_whisper(self, tmp_path):
        whisper = save_plain_whisper(tmp_path)
        model, info = WhisperATModel.from_pretrained(tmp_path, output_loading_info=True)
        assert not info["missing_keys"] and not info["unexpected_keys"]
        tokens = torch.tensor([[51, 3, 17]])
        expected = whisper.model(log_mels(), decoder_input_ids=tokens).last_hidden_state
        assert isinstance(model, WhisperModel)
        close(model(log_mels(), decoder_input_ids=tokens).last_hidden_state, expected)

    def test_the_plain_model_loads_from_the_full_models_folder(self, tmp_path):
        model = tiny_model()
        model.save_pretrained(tmp_path)
        plain, info = WhisperATModel.from_pretrained(tmp_path, output_loading_info=True)
        assert not info["missing_keys"] and all(name.startswith("heads.") for name in info["unexpected_keys"])
        close(plain.encoder(log_mels()).last_hidden_state, model.model.encoder(log_mels()).last_hidden_state)

    def test_weights_have_whispers_names_and_the_output_is_tied(self, tmp_path):
        whisper = save_plain_whisper(tmp_path / "whisper")
        model = tiny_model()
        names = set(model.state_dict())
        assert {name for name in names if not name.startswith("heads.")} == set(whisper.state_dict())
        for one in (model, reloaded(model, tmp_path / "ours")):
            assert one.proj_out.weight is one.model.decoder.embed_tokens.weight

    @pytest.mark.parametrize("options", [{}, {"num_beams": 3}, {"num_beams": 2, "num_return_sequences": 2}])
    def test_text_and_tags_come_from_one_pass(self, options, tmp_path):
        whisper = save_plain_whisper(tmp_path / "whisper")
        model = WhisperATForConditionalGeneration.from_whisper(tmp_path / "whisper", labels=LABELS)
        features = log_mels(batch=3)
        options = {"max_new_tokens": 8, **options}
        expected = whisper.generate(features, **options)
        for one in (model, reloaded(model, tmp_path / "ours")):
            passes = []
            hook = one.model.encoder.conv1.register_forward_hook(lambda *_, passes=passes: passes.append(1))
            with one.record_timeline(3) as recorder:
                assert torch.equal(one.generate(features, **options), expected)
            hook.remove()
            assert len(passes) == 1
            states = torch.stack([recorder.states(row, STEPS) for row in range(3)])
            close(states, averaged(block_outputs(stock_encoder(one), features)))

    @pytest.mark.parametrize("copies", [1, 2])
    @pytest.mark.parametrize("seed", range(3))
    def test_long_form_windows_make_one_timeline(self, seed, copies):
        """Where `generate` jumps depends on the text; each window is found again in the file by its frames."""
        model = tiny_model(seed=seed)
        # Tokens from 20 on are times, 20 ms each, so that a window may end anywhere in its first 0.8 s.
        model.generation_config.no_timestamps_token_id = 19
        model.generation_config.max_initial_timestamp_index = None
        frames = 3 * FRAMES + 50
        features = log_mels(batch=2, frames=frames, seed=seed)
        seen, rows = [], []
        model.model.encoder.register_forward_pre_hook(
            lambda _, args, kwargs: seen.append((args[0] if args else kwargs["input_features"]).clone()),
            with_kwargs=True,
        )
        decode = model.generate_with_fallback

        def watched(**kwargs):
            rows.append(list(kwargs["batch_idx_map"]))
            return decode(**kwargs)

        model.generate_with_fallback = watched
        torch.manual_seed(seed)
        with torch.no_grad(), model.record_timeline(2) as recorder:
            model.generate(
                features,
                attention_mask=torch.ones(2, frames, dtype=torch.long),
                return_timestamps=True,
                do_sample=True,
                temperature=1.0,
                num_return_sequences=copies,
                max_new_tokens=6,
            )
        assert len(seen) == len(rows) > 3
        # The first copy speaks for its file.
        firsts = [window[[row % copies == 0 for row in numbers]] for window, numbers in zip(seen, rows, strict=True)]
        steps = frames // 2 // POOLING
        for file, expected in enumerate(timelines(model, features, firsts)):
            close(recorder.states(file, steps), averaged(expected[None])[0, :, :steps])


def timelines(model, features, windows):
    """Each file's `(layers, positions, width)`; a window takes over on the grid line past the middle of an overlap."""
    encoder = stock_encoder(model)
    positions = features.shape[2] // 2
    truth = torch.zeros(len(features), LAYERS, positions + POSITIONS, WIDTH)
    ends = [0] * len(features)
    for batch in filter(len, windows):
        for window, blocks in zip(batch, block_outputs(encoder, batch), strict=True):
            file, frame = (features == window[None, :, :1]).all(dim=1).nonzero()[0].tolist()
            assert frame % 2 == 0
            start, end = frame // 2, ends[file]
            assert start <= end
            if start + POSITIONS > end:
                middle = math.ceil((start + end) / 2 / POOLING) * POOLING
                begin = middle if start < middle < end else end
                truth[file, :, begin : start + POSITIONS] = blocks[:, begin - start :]
                ends[file] = start + POSITIONS
    assert min(ends) >= positions
    return truth[:, :, :positions]


CLIP_HEAD = {"default": head_config(window_length_s=0.8)}  # 2 pooled steps


def classifier(**options):
    return tiny_model(WhisperATForAudioClassification, **{"heads": CLIP_HEAD, **options})


def window_logits(model, features, count, head=None):
    """Logits of the first `count` windows of two steps, row by row."""
    states = model.get_pooled_states(features)
    states = nn.functional.pad(states, (0, 0, 0, 1))
    head = model.get_head(head)
    with torch.no_grad():
        return torch.stack([head(states[:, :, 2 * index : 2 * index + 2]).logits for index in range(count)])


class TestAudioClassification:
    @pytest.mark.parametrize("tied", [True, False])
    def test_the_full_models_folder_loads_without_a_warning(self, tied, tmp_path):
        full = tiny_model(tie_word_embeddings=tied)
        full.save_pretrained(tmp_path)
        model, info = WhisperATForAudioClassification.from_pretrained(tmp_path, output_loading_info=True)
        assert not any(info.values())
        assert not any("decoder" in name or "proj_out" in name for name in model.state_dict())
        for name, weight in model.state_dict().items():
            assert torch.equal(weight, full.state_dict()[name])

    def test_logits_are_the_largest_over_the_windows(self, tmp_path):
        model = classifier()
        features = log_mels(batch=2)
        expected = window_logits(model, features, 3).amax(dim=0)
        for one in (model, reloaded(model, tmp_path)):
            close(one(features).logits, expected)

    def test_windows_past_the_masks_end_are_left_out(self):
        model = classifier()
        features = log_mels(batch=2)
        mask = torch.zeros(2, FRAMES, dtype=torch.long)
        mask[0, :80], mask[1, :81] = 1, 1
        close(model(features, attention_mask=mask).logits[0], window_logits(model, features, 1)[0, 0])
        close(model(features, attention_mask=mask).logits[1], window_logits(model, features, 2)[:, 1].amax(dim=0))

    def test_the_extractors_padding_is_left_out_without_a_mask(self):
        model = classifier()
        features = log_mels(batch=2)
        features[0, :, 80:], features[1, :, 81:] = features[0].min(), features[1].min()
        close(model(features).logits[0], window_logits(model, features, 1)[0, 0])
        close(model(features).logits[1], window_logits(model, features, 2)[:, 1].amax(dim=0))

    def test_silence_alone_is_one_window(self):
        model = classifier()
        features = torch.full((1, MELS, FRAMES), -1.5)
        close(model(features).logits, window_logits(model, features, 1)[0])

    def test_rows_do_not_depend_on_each_other(self):
        model = classifier()
        features = torch.cat([log_mels(), 3 * log_mels(seed=1)])
        features[0, :, 100:] = features[0].min()
        close(model(features).logits, torch.cat([model(row[None]).logits for row in features]))

    def test_heads_trained_on_longer_windows_than_the_input(self):
        model = classifier(heads={"default": head_config(window_length_s=10.0)})
        with torch.no_grad():
            close(model(log_mels()).logits, model.get_head()(model.get_pooled_states(log_mels())).logits)

    def test_short_input_and_named_heads(self):
        model = classifier(heads={**CLIP_HEAD, "other": head_config(["a", "b"], window_length_s=0.8)})
        features = log_mels(frames=80)
        close(model(features, head="other").logits, window_logits(model, features, 1, "other")[0])
        with pytest.raises(InputError, match="no head 'nope'"):
            model(features, head="nope")

    def test_hidden_states_and_tuples(self):
        model = classifier()
        outputs = model(log_mels(), output_hidden_states=True)
        assert len(outputs.hidden_states) == LAYERS + 1
        close(model(log_mels(), return_dict=False)[0], outputs.logits)

    @pytest.mark.parametrize("problem", ["multi_label_classification", "single_label_classification"])
    def test_the_loss_is_torchs_and_moves_the_head_only(self, problem):
        model = classifier(heads={"default": head_config(window_length_s=0.8, problem_type=problem)}).train()
        if problem.startswith("multi"):
            labels, function = torch.tensor([[1.0, 0, 0, 1], [0, 0, 1, 0]]), nn.BCEWithLogitsLoss()
        else:
            labels, function = torch.tensor([3, 1]), nn.CrossEntropyLoss()
        outputs = model(log_mels(batch=2), labels=labels)
        close(outputs.loss, function(outputs.logits, labels))
        outputs.loss.backward()
        assert {name for name, weight in model.named_parameters() if weight.grad is not None} == head_parameters(model)


class Clips(torch.utils.data.Dataset):
    """Four clips of random sound with multi-label targets."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        labels = torch.zeros(len(LABELS))
        labels[index] = 1
        return {"input_features": log_mels(seed=index)[0], "labels": labels}


class TestTraining:
    def test_a_trainer_step_moves_the_head_only_and_evaluates(self, tmp_path):
        model = classifier()
        before = {name: weight.clone() for name, weight in model.state_dict().items()}
        trainer = train_one_step(model, tmp_path, Clips(), batch=4)
        moved = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
        assert moved and moved <= head_parameters(model)
        assert trainer.evaluate()["eval_loss"] > 0

    def test_accumulated_gradients_equal_those_of_the_whole_batch(self, tmp_path):
        whole, parts = classifier(), classifier()
        train_one_step(whole, tmp_path, Clips(), batch=4)
        train_one_step(parts, tmp_path, Clips(), batch=2, accumulation=2)
        for name, weight in whole.heads.state_dict().items():
            torch.testing.assert_close(parts.heads.state_dict()[name], weight, atol=1e-4, rtol=1e-4)


class TestStockPipeline:
    @pytest.fixture
    def folder(self, tmp_path):
        tiny_model(heads=CLIP_HEAD).save_pretrained(tmp_path)
        WhisperFeatureExtractor(feature_size=MELS, chunk_length=2).save_pretrained(tmp_path)
        return tmp_path

    def test_audio_classification(self, folder):
        # Before 5.23 the pipeline's default is softmax, whatever the config says.
        default = inspect.signature(AudioClassificationPipeline.postprocess).parameters["function_to_apply"].default
        options = {} if default is None else {"function_to_apply": "sigmoid"}
        classify = pipeline("audio-classification", model=str(folder))
        audio = torch.randn(16000, generator=torch.Generator().manual_seed(0)).numpy()
        assert type(classify.model) is WhisperATForAudioClassification
        found = classify(audio, top_k=None, **options)

        features = classify.feature_extractor(audio, sampling_rate=16000, return_tensors="pt").input_features
        assert features.shape == (1, MELS, FRAMES)
        scores = window_logits(classify.model, features, 2).amax(dim=0)[0].sigmoid().tolist()
        assert {tag["label"]: tag["score"] for tag in found} == pytest.approx(
            dict(zip(LABELS, scores, strict=True)), abs=1e-3
        )
