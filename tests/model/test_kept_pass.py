"""What a kept encoder pass answers: the same rows in the same order, nothing else."""

import pytest
import torch

from whisper_at_hf.model.timeline import KeptPass


@pytest.fixture
def kept():
    generator = torch.Generator().manual_seed(0)
    return KeptPass(torch.randn(4, 3, 5, generator=generator), torch.randn(4, 2, 6, generator=generator))


def test_the_same_input_gets_the_states_themselves(kept):
    assert kept.states_of(kept.input_features.clone()) is kept.last_hidden_state


@pytest.mark.parametrize("rows", [[0], [3], [1, 2], [0, 3], [0, 0, 1, 1, 2, 2, 3, 3], [2, 2]])
def test_rows_left_out_or_repeated(kept, rows):
    assert torch.equal(kept.states_of(kept.input_features[rows]), kept.last_hidden_state[rows])


def test_equal_rows_share_their_states():
    kept = KeptPass(torch.zeros(3, 2, 2), torch.ones(3, 1, 1))
    assert kept.states_of(torch.zeros(2, 2, 2)).shape == (2, 1, 1)


def test_one_other_row_is_enough_to_encode_again(kept):
    assert kept.states_of(torch.cat([kept.input_features[:2], torch.zeros(1, 3, 5)])) is None
    changed = kept.input_features.clone()
    changed[3, 0, 0] += 1e-6
    assert kept.states_of(changed) is None
    assert kept.states_of(changed[3:]) is None


def test_frames_of_another_number_are_other_input(kept):
    assert kept.states_of(kept.input_features[..., :4]) is None
