"""The decoder with its own cache against transformers' decoder on all tokens at once."""

import pytest
import torch
from tiny import WIDTH, tiny_model

from whisper_at_hf.decoding.cached_decoder import CachedDecoder

ROWS, COUNT = 3, 9


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def states():
    return torch.randn(ROWS, 100, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(0, 60, (ROWS, COUNT), generator=torch.Generator().manual_seed(2))


def teacher_forced(model, states, tokens):
    with torch.no_grad():
        return model(encoder_outputs=(states,), decoder_input_ids=tokens, use_cache=False).logits


@pytest.mark.parametrize("first", [1, 2, 5, COUNT])
@torch.no_grad()
def test_logits_are_those_of_transformers(model, states, tokens, first):
    decoder = CachedDecoder(model, states, max_length=COUNT)
    logits = [decoder.logits(tokens[:, :first])]
    logits += [decoder.logits(tokens[:, index : index + 1]) for index in range(first, COUNT)]
    expected = teacher_forced(model, states, tokens)
    assert expected.std() > 0.1
    torch.testing.assert_close(torch.cat(logits, dim=1), expected, atol=1e-4, rtol=0)


@torch.no_grad()
def test_going_on_with_some_rows(model, states, tokens):
    decoder = CachedDecoder(model, states, max_length=COUNT)
    decoder.logits(tokens[:, :3])
    decoder.keep(torch.tensor([0, 2]))
    decoder.logits(tokens[[0, 2], 3:4])
    decoder.keep(torch.tensor([1]))
    logits = [decoder.logits(tokens[[2], index : index + 1]) for index in range(4, COUNT)]
    expected = teacher_forced(model, states, tokens)[[2], 4:]
    torch.testing.assert_close(torch.cat(logits, dim=1), expected, atol=1e-4, rtol=0)


@torch.no_grad()
def test_cross_attentions_are_those_of_eager_attention(states, tokens):
    model = tiny_model(attn_implementation="eager")
    expected = model(
        encoder_outputs=(states,), decoder_input_ids=tokens, use_cache=False, output_attentions=True
    ).cross_attentions
    decoder = CachedDecoder(model, states, COUNT, keep_attention=True)
    decoder.logits(tokens[:, :4])
    for ours, theirs in zip(decoder.cross_attentions(), expected, strict=True):
        torch.testing.assert_close(ours, theirs[:, :, :4], atol=1e-5, rtol=0)
    decoder.logits(tokens[:, 4:5])
    for ours, theirs in zip(decoder.cross_attentions(), expected, strict=True):
        torch.testing.assert_close(ours, theirs[:, :, 4:5], atol=1e-5, rtol=0)


@torch.no_grad()
def test_bfloat16_gives_float32_logits(states, tokens):
    model = tiny_model().to(torch.bfloat16)
    logits = CachedDecoder(model, states.bfloat16(), COUNT).logits(tokens)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, teacher_forced(tiny_model(), states, tokens), atol=0.3, rtol=0)
