"""Decoding of many windows against transformers' `generate`, and Whisper's checks with their fallback."""

import pytest
import torch
from tiny import log_mels
from tiny_multilingual import (
    END,
    ENGLISH,
    FIRST_TIMESTAMP,
    GERMAN,
    NO_SPEECH,
    NO_TIMESTAMPS,
    START,
    TRANSCRIBE,
    LetterTokenizer,
    encoded,
    first_pass,
    multilingual_model,
)
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from whisper_at_hf.audio import load_audio
from whisper_at_hf.decoding.fallback import DecodingOptions, WindowDecoder

ROWS = 8
PROMPT = [START, ENGLISH, TRANSCRIBE]
NO_CHECKS = {"compression_ratio_threshold": None, "logprob_threshold": None, "no_speech_threshold": None}


@pytest.fixture(scope="module")
def model():
    return multilingual_model(seed=72)


@pytest.fixture(scope="module")
def features():
    return log_mels(ROWS)


@pytest.fixture(scope="module")
def states(model, features):
    return encoded(model, features)


def decode(model, states, prompt=PROMPT, sound_ends=None, seeds=None, **options):
    options = {"temperature": (0.0,), **NO_CHECKS, **options}
    decoder = WindowDecoder(model, LetterTokenizer(), DecodingOptions(**options))
    return decoder.decode(states, [prompt] * len(states), sound_ends, seeds)


@pytest.mark.parametrize("timestamps", [True, False])
def test_greedy_tokens_of_a_random_model(model, features, states, timestamps):
    prompt = PROMPT if timestamps else [*PROMPT, NO_TIMESTAMPS]
    expected = first_pass(model, features, language="en", return_timestamps=timestamps)
    results = decode(model, states, prompt, timestamps=timestamps, max_new_tokens=20)
    assert [result.tokens for result in results] == [row["tokens"] for row in expected]
    assert len({tuple(result.tokens) for result in results}) > 5


def test_probabilities_are_those_of_the_decoder_on_all_tokens(model, states):
    results = decode(model, states[:3], [*PROMPT, NO_TIMESTAMPS], timestamps=False, max_new_tokens=12)
    forbidden = torch.zeros(model.config.vocab_size, dtype=torch.bool)
    forbidden[model.generation_config.suppress_tokens] = True
    for row, result in enumerate(results):
        prompt = [*PROMPT, NO_TIMESTAMPS]
        with torch.no_grad():
            logits = model(
                encoder_outputs=(states[row : row + 1],), decoder_input_ids=torch.tensor([[*prompt, *result.tokens]])
            ).logits[0]
        assert result.no_speech_prob == pytest.approx(logits[0].softmax(dim=-1)[NO_SPEECH].item(), abs=1e-5)
        logits[:, forbidden] = -torch.inf
        logits[len(prompt) - 1, model.generation_config.begin_suppress_tokens] = -torch.inf
        spoken = [*result.tokens, END][:12]
        each = logits.log_softmax(dim=-1)[len(prompt) - 1 :].gather(1, torch.tensor(spoken)[:, None])
        expected = each.sum().item() / (len(result.tokens) + 1)
        assert result.mean_logprob == pytest.approx(expected, abs=1e-4)


def test_rows_of_a_batch_are_what_each_is_alone(model, states):
    together = decode(model, states)
    assert len({len(result.tokens) for result in together}) > 2  # they leave at different times
    for row, result in enumerate(together):
        (alone,) = decode(model, states[row : row + 1])
        assert result.tokens == alone.tokens
        assert result.mean_logprob == pytest.approx(alone.mean_logprob, abs=1e-4)
        assert result.no_speech_prob == pytest.approx(alone.no_speech_prob, abs=1e-5)


def test_at_most_so_many_tokens(model, states):
    every = decode(model, states)
    few = decode(model, states, max_new_tokens=4)
    assert [result.tokens for result in few] == [result.tokens[:4] for result in every]
    assert max(len(result.tokens) for result in every) <= model.config.max_target_positions // 2
    # No more than there are positions.
    (longest,) = decode(model, states[:1], max_new_tokens=1000, temperature=(30.0,))
    assert len(longest.tokens) <= model.config.max_target_positions - len(PROMPT)


def test_each_window_has_its_own_end_of_sound(model, states):
    """No time comes after it, and a text that has begun a segment 0.2 s before it goes on."""
    ends = [20, 100, 100, 40, 100, 100, 60, 100]
    results = decode(model, states, sound_ends=ends)
    assert [result.tokens for result in results] != [result.tokens for result in decode(model, states)]
    for row, (result, end) in enumerate(zip(results, ends, strict=True)):
        (alone,) = decode(model, states[row : row + 1], sound_ends=[end])
        assert result.tokens == alone.tokens
        times = [token - FIRST_TIMESTAMP for token in result.tokens if token >= FIRST_TIMESTAMP]
        assert max(times[1:], default=0) <= end
        is_time = [token >= FIRST_TIMESTAMP for token in result.tokens]
        if len(is_time) < model.config.max_target_positions // 2 and is_time[-1] and all(is_time[-2:-1]):
            assert times[-1] >= end - 10


# --- checks and fallback ---


def test_no_fallback_without_a_failure(model, states):
    results = decode(model, states, temperature=(0.0, 1.0), logprob_threshold=-100.0)
    assert [result.temperature for result in results] == [0.0] * ROWS


def test_unlikely_windows_alone_are_tried_again(model, states):
    greedy = decode(model, states)
    limit = sorted(result.mean_logprob for result in greedy)[2] - 1e-4
    torch.manual_seed(0)
    results = decode(model, states, temperature=(0.0, 0.5), logprob_threshold=limit)
    unlikely = [result.mean_logprob < limit for result in greedy]
    assert sum(unlikely) == 2
    assert [result.temperature for result in results] == [0.5 if again else 0.0 for again in unlikely]
    kept = [row for row in range(ROWS) if not unlikely[row]]
    assert [results[row].tokens for row in kept] == [greedy[row].tokens for row in kept]


def test_temperatures_go_up_until_the_last(model, states):
    results = decode(model, states, temperature=(0.0, 0.2, 0.6), logprob_threshold=0.0)
    assert [result.temperature for result in results] == [0.6] * ROWS


def test_text_that_repeats_itself_is_tried_again(model, states):
    class Speller:
        def __init__(self, text):
            self.text = text

        def decode(self, tokens, skip_special_tokens=False):
            return self.text

    options = DecodingOptions(temperature=(0.0, 0.3), logprob_threshold=None, no_speech_threshold=None)
    for text, temperature in (("and so " * 40, 0.3), ("and so my fellow Americans", 0.0), ("", 0.0)):
        results = WindowDecoder(model, Speller(text), options).decode(states, [PROMPT] * ROWS)
        assert [result.temperature for result in results] == [temperature] * ROWS


def test_silence_is_no_failure_and_has_no_words(model, states):
    silent = decode(model, states, temperature=(0.0, 0.5), no_speech_threshold=0.0, logprob_threshold=0.0)
    assert [(result.tokens, result.temperature) for result in silent] == [([], 0.0)] * ROWS
    unlikely_is_unknown = decode(model, states, no_speech_threshold=0.0)
    assert [result.tokens for result in unlikely_is_unknown] == [[]] * ROWS
    likely = decode(model, states, no_speech_threshold=0.0, logprob_threshold=-100.0)
    assert [result.tokens for result in likely] == [result.tokens for result in decode(model, states)]
    spoken = decode(model, states, no_speech_threshold=1.0, logprob_threshold=0.0)
    assert [result.tokens for result in spoken] == [result.tokens for result in decode(model, states)]


def test_sampling_is_the_same_whatever_was_drawn_before(model, states):
    def sampled(seed):
        torch.manual_seed(seed)
        return [result.tokens for result in decode(model, states, temperature=(1.0,))]

    assert sampled(0) == sampled(1) != [result.tokens for result in decode(model, states)]


def test_sampled_rows_of_a_batch_are_what_each_is_alone(model, states):
    """Rows that fail, and are tried again, differ from batch to batch."""
    limit = sorted(result.mean_logprob for result in decode(model, states))[ROWS // 2] - 1e-3
    options = {"temperature": (0.0, 0.5, 1.0), "logprob_threshold": limit}
    together = decode(model, states, seeds=list(range(ROWS)), **options)
    assert len({result.temperature for result in together}) > 1
    for row, result in enumerate(together):
        (alone,) = decode(model, states[row : row + 1], seeds=[row], **options)
        assert (result.tokens, result.temperature) == (alone.tokens, alone.temperature)


def test_rows_of_other_seeds_and_temperatures_draw_other_tokens(model, states):
    """Else noise of any kind would have one text."""
    same = states[:1].expand(3, -1, -1)
    first, again, other = decode(model, same, seeds=[5, 5, 6], temperature=(1.0,))
    assert first.tokens == again.tokens != other.tokens
    cooler, cooler_still = (decode(model, same[:1], temperature=(value,))[0] for value in (1.0, 0.99))
    assert cooler.tokens != cooler_still.tokens


def test_tokens_are_drawn_as_their_probabilities_say(model):
    """Shares of 4000 draws; the first token is drawn from the same logits again and again."""
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05, 0.0])
    decoder = WindowDecoder(model, LetterTokenizer(), DecodingOptions())
    dice, nothing = [torch.Generator().manual_seed(0)], torch.zeros(1, 0, dtype=torch.long)
    for temperature in (1.0, 0.5):
        drawn = [decoder._choose(probabilities.log()[None], nothing, temperature, dice)[0] for _ in range(4000)]
        shares = torch.cat(drawn).bincount(minlength=5) / 4000
        expected = probabilities ** (1 / temperature)
        torch.testing.assert_close(shares, expected / expected.sum(), atol=0.03, rtol=0)
        assert shares[4] == 0


def test_a_text_that_repeats_itself_is_cut_off_at_one_place_in_any_batch(model, states, monkeypatch):
    """One of eight rows: fewer than those that others wait for."""
    monkeypatch.setattr("whisper_at_hf.decoding.fallback._CHECK_EVERY", 4)
    first, second = [row for row, result in enumerate(decode(model, states)) if len(result.tokens) > 12][:2]
    hopeless = decode(model, states[first][None])[0].tokens[4:8]

    class Speller(LetterTokenizer):
        def decode(self, tokens, skip_special_tokens=False):
            return "and so " * 40 if list(tokens) == hopeless else "words"

    options = DecodingOptions(temperature=(0.0, 0.5), logprob_threshold=None, no_speech_threshold=None)
    decoder = WindowDecoder(model, Speller(), options)
    together = decoder.decode(states[[first] + 7 * [second]], [PROMPT] * ROWS)
    (alone,) = decoder.decode(states[first][None], [PROMPT])
    assert alone.is_cut_off and len(alone.tokens) == 8
    assert together[0].tokens == alone.tokens and len(together[1].tokens) > 12


def test_nothing_to_decode(model, states):
    assert decode(model, states[:0]) == []


# --- languages ---


def test_languages_are_those_of_transformers():
    features = log_mels(20, seed=3)
    model = multilingual_model(seed=1)
    decoder = WindowDecoder(model, LetterTokenizer(), DecodingOptions())
    with torch.no_grad():
        found = decoder.detect_languages(encoded(model, features))
    assert found == model.detect_language(features).tolist()
    assert set(found) == {ENGLISH, GERMAN}


# --- real speech ---


@pytest.fixture(scope="module")
def whisper(tiny_en_whisper):
    return WhisperForConditionalGeneration.from_pretrained(tiny_en_whisper).eval()


@pytest.fixture(scope="module")
def processor(tiny_en_whisper):
    return WhisperProcessor.from_pretrained(tiny_en_whisper)


@pytest.mark.real
@pytest.mark.data
@pytest.mark.parametrize("timestamps", [True, False])
def test_words_of_generate(whisper, processor, jfk, speech, timestamps):
    audio = [jfk, *(load_audio(speech[index]["file"]) for index in (40, 180))]
    features = processor(audio, sampling_rate=16000, return_tensors="pt")["input_features"]
    expected = first_pass(whisper, features, return_timestamps=timestamps)
    config = whisper.generation_config
    prompt = [config.decoder_start_token_id] + ([] if timestamps else [config.no_timestamps_token_id])
    options = DecodingOptions(timestamps=timestamps, temperature=(0.0,))
    states = encoded(whisper, features)
    results = WindowDecoder(whisper, processor.tokenizer, options).decode(states, [prompt] * len(audio))
    assert [result.tokens for result in results] == [row["tokens"] for row in expected]
    assert all(result.mean_logprob > -0.6 and result.no_speech_prob < 0.3 for result in results)
