"""Linear layers by oneDNN: the same numbers, and where it has no say, nothing changed."""

import copy

import pytest
import torch
from tiny import tiny_model
from torch import nn
from torch.nn.functional import linear
from torch.utils._python_dispatch import TorchDispatchMode

from whisper_at_hf.model.onednn import HAS_OPERATOR, LinearByOneDNN

needs_operator = pytest.mark.skipif(not HAS_OPERATOR, reason="this build of PyTorch has no oneDNN")


class Operators(TorchDispatchMode):
    """Notes what runs."""

    def __init__(self):
        self.names = []
        super().__init__()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def ran_by_onednn(run) -> bool:
    with Operators() as operators:
        run()
    return any("mkldnn" in name for name in operators.names)


def layer(bias=True, dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Linear(24, 40, bias=bias, dtype=dtype)


def states(*shape):
    return torch.randn(*shape, 24, generator=torch.Generator().manual_seed(1))


@needs_operator
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (1,), (2, 3), (2, 1, 3)])
@torch.no_grad()
def test_numbers_are_those_of_float64(bias, shape):
    module, given = layer(bias), states(*shape)
    with LinearByOneDNN():
        assert ran_by_onednn(lambda: module(given))
        result = module(given)
    expected = copy.deepcopy(module).double()(given.double())
    torch.testing.assert_close(result.double(), expected, atol=1e-5, rtol=0)


@needs_operator
@torch.no_grad()
def test_states_that_are_not_contiguous():
    module, given = layer(), states(7, 3)
    with LinearByOneDNN():
        result = module(given.transpose(0, 1))
    torch.testing.assert_close(result, module(given).transpose(0, 1), atol=1e-5, rtol=0)


@torch.no_grad()
def test_only_inside_the_context():
    module = layer()
    with LinearByOneDNN():
        pass
    assert not ran_by_onednn(lambda: module(states(2)))


def test_gradients_are_left_alone():
    module = layer()
    with LinearByOneDNN():
        module(states(2)).sum().backward()
    assert module.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_other_dtypes_are_left_alone(dtype):
    module, given = layer(dtype=dtype), states(2).to(dtype)
    with LinearByOneDNN():
        result = module(given)
    assert result.dtype == dtype
    torch.testing.assert_close(result, module(given), atol=0, rtol=0)


@torch.no_grad()
def test_autocast_keeps_its_dtype():
    with LinearByOneDNN(), torch.autocast("cpu", torch.bfloat16):
        assert layer()(states(2)).dtype == torch.bfloat16


@torch.no_grad()
def test_arguments_by_name_and_no_rows():
    module = layer()
    with LinearByOneDNN():
        by_name = linear(states(2), module.weight, bias=module.bias)
        assert module(states(0)).shape == (0, 40)
    torch.testing.assert_close(by_name, module(states(2)), atol=1e-6, rtol=0)


@torch.no_grad()
def test_the_compiler_chooses_for_itself():
    seen = []

    def backend(graph, inputs):
        seen.extend(str(node.target) for node in graph.graph.nodes)
        return graph.forward

    module = layer()
    with LinearByOneDNN():
        torch.compile(module.forward, backend=backend)(states(2))
    assert any("linear" in name for name in seen) and not any("mkldnn" in name for name in seen)


class Wrapped(torch.Tensor):
    """A weight that does its own products, as quantised ones do."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is linear:
            return "its own product"
        return super().__torch_function__(func, types, args, kwargs or {})


@torch.no_grad()
def test_weights_that_do_their_own_products_are_left_alone():
    weight = layer().weight.detach().as_subclass(Wrapped)
    with LinearByOneDNN():
        assert linear(states(2), weight) == "its own product"


@needs_operator
@torch.no_grad()
def test_pooled_states_after_save_and_reload(tmp_path):
    tiny_model().save_pretrained(tmp_path)
    model = type(tiny_model()).from_pretrained(tmp_path)
    frames = model.config.max_source_positions * 2
    features = torch.randn(2, model.config.num_mel_bins, frames, generator=torch.Generator().manual_seed(2))
    assert ran_by_onednn(lambda: model.get_pooled_states(features))
    expected = model.model.encoder(features, output_pooled_states=True).pooled_states
    torch.testing.assert_close(model.get_pooled_states(features), expected, atol=1e-5, rtol=0)
