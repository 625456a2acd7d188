"""Which tokens are forbidden, against transformers' processors of logits."""

import random

import pytest
import torch
from transformers import (
    GenerationConfig,
    SuppressTokensAtBeginLogitsProcessor,
    SuppressTokensLogitsProcessor,
    WhisperTimeStampLogitsProcessor,
)

from whisper_at_hf.decoding.token_rules import SHORTEST_WORD, TokenRules

END, NO_TIMESTAMPS, FIRST, VOCABULARY = 50, 59, 60, 120
SUPPRESSED, AT_BEGIN = [3, 7, 55], [5, END]
TEXT = 20


def config(**changes):
    values = {
        "eos_token_id": END,
        "suppress_tokens": SUPPRESSED,
        "begin_suppress_tokens": AT_BEGIN,
        "no_timestamps_token_id": NO_TIMESTAMPS,
        "max_initial_timestamp_index": 10,
    }
    return GenerationConfig(**{**values, **changes})


def rules(timestamps=True, **changes):
    return TokenRules(config(**changes), timestamps, torch.device("cpu"))


def allowed(tokens, sound_ends=None, timestamps=True, **changes):
    """Which tokens may follow; one row of bools for each row of tokens."""
    tokens = torch.tensor(tokens, dtype=torch.long)
    logits = torch.zeros(len(tokens), VOCABULARY)
    logits[:, :FIRST] = 10  # Each is likelier than all times together, which would rule the text out.
    ends = None if sound_ends is None else torch.tensor(sound_ends)
    rules(timestamps, **changes).apply(logits, tokens, ends)
    return logits > -torch.inf


def spoken(length, choose):
    """Random text and times, where times never go back."""
    tokens, latest = [], 0
    for _ in range(length):
        if choose.random() < 0.5:
            latest = min(latest + choose.randint(0, 20), VOCABULARY - FIRST - 1)
            tokens.append(FIRST + latest)
        else:
            tokens.append(choose.randrange(END))
    return tokens


@pytest.mark.parametrize("latest_begin", [None, 0, 10])
@pytest.mark.parametrize("length", range(7))
def test_random_prefixes_and_logits_as_in_transformers(length, latest_begin):
    choose = random.Random(length)
    tokens = torch.tensor([spoken(length, choose) for _ in range(200)], dtype=torch.long)
    # Times are likelier than text in about half of the rows.
    logits = 3 * torch.randn(200, VOCABULARY, generator=torch.Generator().manual_seed(length))
    logits[:, :FIRST] += 2.5
    prompt = torch.full((200, 3), 51)
    ids, expected = torch.cat([prompt, tokens], dim=1), logits.clone()
    settings = config(max_initial_timestamp_index=latest_begin)
    for processor in (
        SuppressTokensAtBeginLogitsProcessor(AT_BEGIN, begin_index=3),
        SuppressTokensLogitsProcessor(SUPPRESSED),
        WhisperTimeStampLogitsProcessor(settings, begin_index=3),
    ):
        expected = processor(ids, expected)
    TokenRules(settings, True, logits.device).apply(logits, tokens)
    assert torch.equal(logits, expected)
    if length > 2:
        text_is_allowed = (logits[:, :FIRST] > -torch.inf).any(dim=1).float().mean()
        assert 0.1 < text_is_allowed < 0.9  # or else the logits test only one side


def test_without_timestamps_only_suppressed_tokens_are_forbidden():
    (first,) = allowed([[]], timestamps=False)
    assert (~first).nonzero()[:, 0].tolist() == sorted({*SUPPRESSED, *AT_BEGIN})
    (later,) = allowed([[TEXT]], timestamps=False)
    assert (~later).nonzero()[:, 0].tolist() == SUPPRESSED


def test_models_without_suppressed_tokens():
    (row,) = allowed([[]], timestamps=False, suppress_tokens=None, begin_suppress_tokens=None)
    assert row.all()


def test_several_end_tokens():
    (row,) = allowed([[FIRST, TEXT, FIRST + 5]], eos_token_id=[END, 51])
    assert row[END] and not row[:END].any()


def test_a_text_may_not_end_where_it_has_begun_a_segment_before_the_sound_ends():
    ends = 40
    last_start = ends - SHORTEST_WORD
    for said, may_end in [
        ([FIRST], False),
        ([FIRST + last_start - 1], False),
        ([FIRST + last_start], True),
        ([FIRST + 59], True),
    ]:
        (row,) = allowed([said], [ends])
        assert row[END] == may_end
        assert row[TEXT]
    pair = [FIRST, TEXT, FIRST + 9, FIRST + 9]
    finished = [FIRST, TEXT, TEXT, FIRST + 9]
    in_text = [FIRST, TEXT, TEXT, TEXT]
    rows = allowed([pair, pair, finished, in_text], [ends, 15, ends, ends])
    assert rows[:, END].tolist() == [False, True, True, True]
    assert not allowed([pair])[0, FIRST:].any() and allowed([pair])[0, END]


def test_no_time_comes_after_the_sound():
    rows = allowed([[FIRST, TEXT, TEXT], [FIRST, TEXT, TEXT], [FIRST, TEXT, FIRST + 9]], [20, 59, 20])
    ends = [(row[FIRST:].nonzero()[0].item(), row[FIRST:].nonzero()[-1].item()) for row in rows]
    assert ends == [(1, 20), (1, 59), (9, 20)]
    (row,) = allowed([[FIRST + 8, TEXT]], [3])  # the sound has ended before the text began
    assert row[TEXT] and row[END] and not row[FIRST:].any()
