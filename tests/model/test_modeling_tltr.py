"""The head equals a recomputation from its weights in plain matrix products, for TLTR and every ablation."""

import math

import pytest
import torch
from tiny import LABELS, LAYERS, WIDTH, head_config, randomised, train_one_step
from transformers import AutoModelForAudioClassification

from whisper_at_hf import InputError, TLTRForAudioClassification
from whisper_at_hf.model.configuration_whisper_at import AGGREGATIONS


def normed(x, state, name):
    centred = x - x.mean(-1, keepdim=True)
    spread = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return centred / spread * state[f"{name}.weight"] + state[f"{name}.bias"]


def linear(x, state, name):
    return x @ state[f"{name}.weight"].T + state.get(f"{name}.bias", 0)


def block(x, state, name, heads):
    """A pre-norm Transformer block on `(items, width)`: attention head by head, then a GELU MLP."""
    normal = normed(x, state, f"{name}.self_attn_layer_norm")
    queries, keys, values = (linear(normal, state, f"{name}.self_attn.{kind}_proj") for kind in "qkv")
    size = x.shape[-1] // heads
    mixed = []
    for index in range(heads):
        part = slice(index * size, (index + 1) * size)
        weights = (queries[:, part] @ keys[:, part].T / math.sqrt(size)).exp()
        mixed.append(weights / weights.sum(-1, keepdim=True) @ values[:, part])
    x = x + linear(torch.cat(mixed, dim=-1), state, f"{name}.self_attn.out_proj")
    inner = linear(normed(x, state, f"{name}.final_layer_norm"), state, f"{name}.fc1")
    inner = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
    return x + linear(inner, state, f"{name}.fc2")


def projected(x, state, layer=""):
    """Through the projection of that layer if each has its own, else through the one of all, if any."""
    own = layer if f"projection{layer}.weight" in state else ""
    if f"projection{own}.weight" not in state:
        return x
    return linear(normed(x, state, f"projection_norm{own}"), state, f"projection{own}")


def expected_logits(states, head):
    """Logits of one window, `(layers, steps, width)`, as the paper says."""
    state, config = head.state_dict(), head.config
    layers, _, time = config.aggregation.partition("_")
    if layers == "tltr":
        inputs = [projected(one, state, f".{layer}") for layer, one in enumerate(states)]
        rows = [block(one, state, "time_block", config.num_time_attention_heads) for one in inputs]
        summary = torch.stack([row.mean(0) for row in rows])
        vector = block(summary, state, "layer_block", config.num_layer_attention_heads).mean(0)
    else:
        if layers == "last":
            merged = states[-1]
        elif layers == "mean":
            merged = sum(states) / len(states)
        else:
            weights = state["layer_weights"]
            merged = sum(w * one for w, one in zip(weights, states, strict=True)) / weights.sum()
        merged = projected(merged, state)
        vector = (block(merged, state, "time_block", config.num_time_attention_heads) if time else merged).mean(0)
    return linear(normed(vector, state, "classifier_norm"), state, "classifier")


def make_head(seed=0, **changes):
    torch.manual_seed(seed)
    return randomised(TLTRForAudioClassification(head_config(**changes)), seed).eval()


def pooled(batch=3, steps=5, layers=LAYERS, width=WIDTH, seed=1):
    return torch.randn(batch, layers, steps, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=AGGREGATIONS)
def aggregation(request):
    return request.param


@pytest.mark.parametrize("projection_dim", [None, 8])
def test_logits_equal_a_recomputation_from_the_weights(aggregation, projection_dim):
    head = make_head(aggregation=aggregation, projection_dim=projection_dim)
    states = pooled()
    logits = head(states).logits

    assert logits.shape == (3, len(LABELS))
    expected = torch.stack([expected_logits(window, head) for window in states])
    torch.testing.assert_close(logits, expected, atol=2e-5, rtol=1e-5)


def test_a_projection_for_each_layer_equals_the_recomputation_after_reload(tmp_path):
    head = make_head(projection_dim=8, projection_per_layer=True)
    head.save_pretrained(tmp_path)
    head = TLTRForAudioClassification.from_pretrained(tmp_path).eval()
    states = pooled()
    assert head.config.projection_per_layer and not torch.equal(head.projection[0].weight, head.projection[1].weight)
    expected = torch.stack([expected_logits(window, head) for window in states])
    torch.testing.assert_close(head(states).logits, expected, atol=2e-5, rtol=1e-5)


def test_several_time_heads_equal_the_recomputation():
    head = make_head(num_time_attention_heads=2, num_layer_attention_heads=8)
    states = pooled(batch=1)
    torch.testing.assert_close(head(states).logits[0], expected_logits(states[0], head), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 25, 75, 200])
def test_any_number_of_steps(steps):
    head = make_head()
    states = pooled(batch=1, steps=steps)
    torch.testing.assert_close(head(states).logits[0], expected_logits(states[0], head), atol=2e-5, rtol=1e-5)


def test_rows_of_a_batch_do_not_see_each_other(aggregation):
    head = make_head(aggregation=aggregation)
    states = pooled()
    alone = torch.cat([head(window[None]).logits for window in states])
    torch.testing.assert_close(head(states).logits, alone, atol=1e-5, rtol=1e-5)


def test_weights_exist_only_where_the_aggregation_uses_them(aggregation):
    names = {name.partition(".")[0] for name in make_head(aggregation=aggregation).state_dict()}
    expected = {"classifier_norm", "classifier"}
    if aggregation.startswith("weighted"):
        expected.add("layer_weights")
    if aggregation == "tltr" or aggregation.endswith("_time"):
        expected.add("time_block")
    if aggregation == "tltr":
        expected.add("layer_block")
    assert names == expected


def test_learned_weights_start_as_the_mean():
    torch.manual_seed(0)
    weighted = TLTRForAudioClassification(head_config(aggregation="weighted"))
    mean = TLTRForAudioClassification(head_config(aggregation="mean"))
    mean.load_state_dict({name: value for name, value in weighted.state_dict().items() if name != "layer_weights"})
    torch.testing.assert_close(weighted(pooled()).logits, mean(pooled()).logits)


def test_multi_label_loss_is_the_mean_binary_cross_entropy():
    head = make_head()
    labels = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    output = head(pooled(), labels=labels)
    heard = output.logits.sigmoid().double()
    expected = -torch.where(labels == 1, heard.log(), (1 - heard).log()).mean()
    torch.testing.assert_close(output.loss.double(), expected, atol=1e-5, rtol=1e-5)


def test_multi_label_loss_takes_soft_labels():
    head = make_head()
    certain, half = torch.ones(3, len(LABELS)), torch.full((3, len(LABELS)), 0.5)
    losses = [head(pooled(), labels=labels).loss for labels in (certain, 1 - certain, half)]
    torch.testing.assert_close(losses[2], (losses[0] + losses[1]) / 2)


def test_single_label_loss_is_the_mean_cross_entropy():
    head = make_head(problem_type="single_label_classification")
    labels = torch.tensor([3, 0, 2])
    output = head(pooled(), labels=labels)
    expected = -output.logits.softmax(-1)[range(3), labels].log().mean()
    torch.testing.assert_close(output.loss, expected, atol=1e-5, rtol=1e-5)


def test_the_loss_reaches_every_weight(aggregation):
    head = make_head(aggregation=aggregation, projection_dim=8).train()
    head(pooled(), labels=torch.tensor([[1, 0, 0, 1]] * 3)).loss.backward()
    without = [name for name, weight in head.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert without == []


def test_no_labels_no_loss():
    head = make_head()
    assert head(pooled()).loss is None
    assert [part.shape for part in head(pooled(), return_dict=False)] == [(3, 4)]
    labels = torch.zeros(3, 4)
    assert [part.shape for part in head(pooled(), labels=labels, return_dict=False)] == [(), (3, 4)]


@pytest.mark.parametrize(
    "shape", [(1, LAYERS + 1, 5, WIDTH), (1, LAYERS, 5, WIDTH * 2), (LAYERS, 5, WIDTH), (1, 1, LAYERS, 5, WIDTH)]
)
def test_states_of_another_whisper_are_refused_with_both_shapes(shape):
    with pytest.raises(InputError, match=rf"{LAYERS} layers, steps, {WIDTH} wide") as error:
        make_head()(torch.zeros(shape))
    assert str(shape) in str(error.value)


@pytest.mark.parametrize("loader", [TLTRForAudioClassification, AutoModelForAudioClassification])
def test_a_saved_head_gives_the_same_logits(aggregation, loader, tmp_path):
    head = make_head(aggregation=aggregation, projection_dim=8)
    head.save_pretrained(tmp_path)
    loaded = loader.from_pretrained(tmp_path)

    assert type(loaded) is TLTRForAudioClassification
    assert [file.name for file in tmp_path.iterdir() if file.suffix not in (".json",)] == ["model.safetensors"]
    torch.testing.assert_close(loaded(pooled()).logits, head(pooled()).logits)


def test_a_checkpoint_with_a_missing_weight_keeps_the_others(tmp_path):
    head = make_head()
    state = head.state_dict()
    del state["classifier.bias"]
    head.save_pretrained(tmp_path, state_dict=state)
    loaded, info = TLTRForAudioClassification.from_pretrained(tmp_path, output_loading_info=True)

    assert set(info["missing_keys"]) == {"classifier.bias"}
    assert not loaded.classifier.bias.any()
    for name, value in state.items():
        assert torch.equal(loaded.state_dict()[name], value), name


def test_eager_attention_equals_sdpa(tmp_path):
    make_head().save_pretrained(tmp_path)
    logits = [
        TLTRForAudioClassification.from_pretrained(tmp_path, attn_implementation=name)(pooled(steps=25)).logits
        for name in ("eager", "sdpa")
    ]
    torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-5)


def test_states_of_another_dtype_are_taken(tmp_path):
    head = make_head()
    states = pooled().bfloat16()
    torch.testing.assert_close(head(states).logits, head(states.float()).logits)

    head.save_pretrained(tmp_path)
    half = TLTRForAudioClassification.from_pretrained(tmp_path, dtype=torch.bfloat16)
    assert half(pooled()).logits.dtype == torch.bfloat16
    torch.testing.assert_close(half(pooled()).logits.float(), head(pooled()).logits, atol=0.1, rtol=0.05)


def test_accumulated_gradients_equal_those_of_the_whole_batch(tmp_path):
    data = [{"pooled_states": states, "labels": torch.eye(4)[row]} for row, states in enumerate(pooled(batch=4))]
    whole, parts = make_head(), make_head()
    train_one_step(whole, tmp_path, data, batch=4)
    train_one_step(parts, tmp_path, data, batch=2, accumulation=2)
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], weight, atol=1e-4, rtol=1e-4)
