import pytest
import torch
from torch import nn

from whisper_at_hf.training.optimisation import WeightAverage


def layer(value, dtype=torch.float32):
    module = nn.Linear(2, 1).to(dtype)
    with torch.no_grad():
        module.weight.fill_(value)
        module.bias.fill_(-value)
    return module


def test_the_mean_of_what_was_added():
    average, target = WeightAverage(), layer(0.0)
    for value in (1.0, 2.0, 6.0):
        average.add(layer(value))
    average.copy_to(target)
    assert average.count == 3
    assert target.weight.tolist() == [[3.0, 3.0]] and target.bias.tolist() == [-3.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_was_added_does_not_change_with_the_module(dtype):
    average, module = WeightAverage(), layer(1.0, dtype)
    average.add(module)
    with torch.no_grad():
        module.weight.fill_(100.0)
    average.copy_to(module)
    assert module.weight.tolist() == [[1.0, 1.0]]


def test_the_mean_keeps_the_modules_type():
    average, target = WeightAverage(), layer(0.0, torch.bfloat16)
    average.add(layer(1.0))
    average.copy_to(target)
    assert target.weight.dtype == torch.bfloat16


def test_a_saved_average_goes_on_exactly(tmp_path):
    whole, saved, loaded = WeightAverage(), WeightAverage(), WeightAverage()
    for value in (0.1, 0.2):
        whole.add(layer(value))
        saved.add(layer(value))
    saved.save(tmp_path)
    loaded.load(tmp_path)
    one, other = layer(0.0), layer(0.0)
    for average, target in ((whole, one), (loaded, other)):
        average.add(layer(0.7))
        average.copy_to(target)
    assert loaded.count == 3
    assert torch.equal(one.weight, other.weight) and torch.equal(one.bias, other.bias)


def test_a_checkpoint_without_one_starts_anew(tmp_path):
    average = WeightAverage()
    average.add(layer(1.0))
    average.load(tmp_path)
    assert average.count == 0


def test_an_empty_average_can_be_saved(tmp_path):
    WeightAverage().save(tmp_path)
    average = WeightAverage()
    average.load(tmp_path)
    assert average.count == 0
