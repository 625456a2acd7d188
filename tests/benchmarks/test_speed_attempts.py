"""The attempts at speed: those that keep float32 keep the logits, all are gone when switched off, and the table."""

from types import SimpleNamespace

import pytest
import torch
from speed_attempts.attempts import ATTEMPTS
from speed_attempts.tables import table
from tiny import WIDTH, tiny_model

from whisper_at_hf.decoding.cached_decoder import CachedDecoder
from whisper_at_hf.model.onednn import HAS_OPERATOR, LinearByOneDNN


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    """What attempts need of a pipeline; the model has been saved and loaded."""
    folder = tmp_path_factory.mktemp("model")
    tiny_model().save_pretrained(folder)
    return SimpleNamespace(model=type(tiny_model()).from_pretrained(folder))


def logits(pipe) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(3, 100, WIDTH, generator=generator)
    tokens = torch.randint(0, 60, (3, 7), generator=generator)
    with torch.no_grad(), LinearByOneDNN():
        decoder = CachedDecoder(pipe.model, states, max_length=7)
        steps = [decoder.logits(tokens[:, :3]), *(decoder.logits(tokens[:, i : i + 1]) for i in range(3, 7))]
    return torch.cat(steps, dim=1)


def pooled(pipe) -> torch.Tensor:
    return pipe.model.get_pooled_states(torch.randn(1, 8, 200, generator=torch.Generator().manual_seed(2)))


@pytest.mark.skipif(not HAS_OPERATOR, reason="this build of PyTorch has no oneDNN")
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("mkl", 1e-4),
        ("medium", 0.05),
        ("packed-logits", 1e-4),
        ("fused-qkv", 1e-4),
        ("fused-gelu", 1e-4),
        ("bf16-logits", 0.1),
        ("int8-logits", 0.3),
        ("int8-decoder", 1.5),
    ],
)
def test_logits_with_and_without_an_attempt(pipe, name, tolerance):
    before, states = logits(pipe), pooled(pipe)
    with ATTEMPTS[name].prepare(pipe)():
        tried = logits(pipe)
        torch.testing.assert_close(pooled(pipe), states, atol=max(1e-4, tolerance / 10), rtol=0)
    torch.testing.assert_close(tried, before, atol=tolerance, rtol=0)
    if tolerance > 0.05:
        assert not torch.equal(tried, before)
    assert torch.equal(logits(pipe), before)


def run(attempt: str, **changes) -> dict:
    return {
        "model": "tiny.en",
        "dtype": "float32",
        "attempt": attempt,
        "seconds": {"reference": [4.0, 2.0, 9.0], "attempt": [8.0, 8.0, 1.0]},
        "prepare_seconds": 1.0,
        "first_seconds": 17.0,
        "ratio": 2.0,
        "same_text": False,
        "wrong_words": {"reference": 2, "attempt": 5},
        "words": 100,
        **changes,
    }


def test_an_attempt_is_a_row_with_what_it_takes_once():
    assert "| 4.00 | 8.00 | 2.00 | 10.0 | WER 2.0% -> 5.0% |" in table([run("int8")])


def test_a_kept_attempt_was_measured_by_switching_it_off():
    row = table([run("mkl")]).splitlines()[-1]
    assert "(kept) | 8.00 | 4.00 | 0.50 |  | WER 5.0% -> 2.0% |" in row


def test_the_same_text_and_failures():
    shown = table([run("int8", same_text=True), {**run("malloc"), "error": "no | such function"}])
    assert "| 10.0 | same |" in shown
    assert "failed: no / such function" in shown.splitlines()[-1]
