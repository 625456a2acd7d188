"""Norms that start from the data: even dimensions at every norm of a fresh head."""

import pytest
import tiny
import torch

from whisper_at_hf import TLTRForAudioClassification
from whisper_at_hf.model.configuration_whisper_at import AGGREGATIONS
from whisper_at_hf.training.heads import initialise_bias, initialise_from_states


@pytest.fixture(scope="module")
def states():
    """Like Whisper's: a few dimensions far larger than the others, and far from zero."""
    generator = torch.Generator().manual_seed(0)
    scales = torch.ones(tiny.WIDTH)
    scales[[2, 7]] = 100.0
    offsets = 3 * torch.randn(tiny.WIDTH, generator=generator) * scales
    return offsets + scales * torch.randn(96, tiny.LAYERS, 5, tiny.WIDTH, generator=generator)


def fresh_head(aggregation, projection_dim, **values):
    torch.manual_seed(0)
    config = tiny.head_config(aggregation=aggregation, projection_dim=projection_dim, **values)
    return TLTRForAudioClassification(config)


def norm_outputs(head, states):
    outputs = {}
    hooks = [
        module.register_forward_hook(lambda module, inputs, output, name=name: outputs.update({name: output}))
        for name, module in head.named_modules()
        if isinstance(module, torch.nn.LayerNorm)
    ]
    with torch.no_grad():
        head.eval()(states)
    for hook in hooks:
        hook.remove()
    return outputs


CASES = [(aggregation, dim, False) for aggregation in AGGREGATIONS for dim in (None, 8)]


@pytest.mark.parametrize("aggregation, projection_dim, per_layer", [*CASES, ("tltr", 8, True)])
def test_every_norm_puts_out_zero_mean_and_unit_variance(aggregation, projection_dim, per_layer, states):
    head = fresh_head(aggregation, projection_dim, projection_per_layer=per_layer)
    initialise_from_states(head, states)
    outputs = norm_outputs(head, states)
    assert len(outputs) == sum(isinstance(module, torch.nn.LayerNorm) for module in head.modules())
    for name, output in outputs.items():
        rows = output.flatten(0, -2)
        torch.testing.assert_close(rows.mean(dim=0), torch.zeros(rows.shape[1]), rtol=0, atol=1e-3, msg=name)
        torch.testing.assert_close(rows.std(dim=0), torch.ones(rows.shape[1]), rtol=1e-3, atol=0, msg=name)


def test_a_dimension_that_does_not_vary_is_not_blown_up(states):
    head = fresh_head("mean", None)
    constant = states.clone()
    constant[:] = states[:1]
    initialise_from_states(head, constant)
    assert torch.isfinite(head.classifier_norm.weight).all()
    assert head.classifier_norm.weight.max() <= 1 / 1e-3 + 1e-3


def test_the_bias_starts_at_the_base_rates(states):
    head = fresh_head("tltr", 8)
    targets = torch.zeros(50, head.config.num_labels)
    targets[:, 0], targets[:10, 1] = 0.5, 1.0  # the others never
    initialise_bias(head, targets)
    expected = torch.tensor([0.5, 0.2] + [0.01] * (head.config.num_labels - 2))
    torch.testing.assert_close(head.classifier.bias.sigmoid(), expected)
    initialise_bias(head, torch.ones(1, head.config.num_labels))
    assert torch.isfinite(head.classifier.bias).all()


def test_a_saved_head_answers_as_before(tmp_path, states):
    head = fresh_head("tltr", 8)
    initialise_from_states(head, states)
    head.save_pretrained(tmp_path)
    loaded = TLTRForAudioClassification.from_pretrained(tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(loaded(states).logits, head.eval()(states).logits, rtol=0, atol=0)


def test_blocks_start_as_identities_and_the_mode_stays(states):
    head = fresh_head("tltr", 8).train()
    initialise_from_states(head, states)
    assert head.training
    rows = torch.randn(3, 5, 8)
    for block in (head.time_block, head.layer_block):
        torch.testing.assert_close(block.eval()(rows, None), rows)


@pytest.mark.parametrize("per_layer", [False, True])
def test_a_projection_keeps_the_variance(per_layer, states):
    head = fresh_head("tltr", 8, projection_per_layer=per_layer)
    initialise_from_states(head, states)
    with torch.no_grad():
        projected = head._project(states)
    assert 0.5 < projected.std() < 2.0
