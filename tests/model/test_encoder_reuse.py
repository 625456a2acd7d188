"""`generate` runs the encoder once for a window, and writes what stock Whisper writes."""

from contextlib import contextmanager

import pytest
import torch
from tiny import FRAMES, LABELS, STEPS, log_mels, save_plain_whisper
from transformers import WhisperForConditionalGeneration

from whisper_at_hf import WhisperATForConditionalGeneration

# The tokens of the tiny multilingual Whisper; from 100 on they are times, 20 ms each.
TOKENS = {
    "is_multilingual": True,
    "lang_to_id": {"<|en|>": 52, "<|de|>": 53, "<|fr|>": 54},
    "task_to_id": {"transcribe": 55, "translate": 56},
    "no_timestamps_token_id": 99,
    "task": "transcribe",
    "max_initial_timestamp_index": None,
}
FALLBACK = {"temperature": (0.0, 0.2, 0.4), "logprob_threshold": 100.0, "compression_ratio_threshold": 1.35}
SILENCE_CHECK = {**FALLBACK, "no_speech_threshold": 0.999}


@pytest.fixture(scope="module")
def whispers(tmp_path_factory):
    """Stock Whisper and ours with the same weights."""
    folder = tmp_path_factory.mktemp("whisper")
    save_plain_whisper(folder, vocab_size=200)
    models = (
        WhisperForConditionalGeneration.from_pretrained(folder),
        WhisperATForConditionalGeneration.from_whisper(folder, labels=LABELS),
    )
    for model in models:
        for name, value in TOKENS.items():
            setattr(model.generation_config, name, value)
    return models


@contextmanager
def watched(model):
    """Gives the rows of the windows that are decoded, and the rows of the passes that the encoder really computes."""
    windows, passes = [], []
    decode = model.generate_with_fallback

    def decode_window(**kwargs):
        windows.append(len(kwargs["batch_idx_map"]))
        return decode(**kwargs)

    model.generate_with_fallback = decode_window
    block = model.model.encoder.layers[0]
    hook = block.register_forward_hook(lambda _, inputs, __: passes.append(len(inputs[0])))
    try:
        yield windows, passes
    finally:
        del model.generate_with_fallback
        hook.remove()


def generate(model, features, **options):
    torch.manual_seed(0)
    mask = torch.ones(len(features), features.shape[-1], dtype=torch.long)
    return model.generate(features, attention_mask=mask, max_new_tokens=6, **options)


def record(model, features, pool=True, **options):
    """Tokens and the recorder, after checking that each window is encoded once."""
    with watched(model) as (windows, passes), model.record_timeline(len(features), pool=pool) as recorder:
        tokens = generate(model, features, **options)
    # num_return_sequences repeats the rows after the language was detected.
    assert passes == [len(features), *windows[1:]]
    return tokens, recorder


@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize("frames", [FRAMES, 2 * FRAMES + 90], ids=["short", "long"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_beams": 2},
        {"num_beams": 2, "num_return_sequences": 2},
        FALLBACK,
        SILENCE_CHECK,
        {**FALLBACK, "language": "de"},
    ],
    ids=["greedy", "beams", "copies", "fallback", "silence", "given-language"],
)
def test_every_window_is_encoded_once(whispers, options, frames, pool):
    stock, model = whispers
    features = log_mels(batch=3, frames=frames)
    options = {"return_timestamps": True, **options}
    tokens, _ = record(model, features, pool, **options)
    assert torch.equal(tokens, generate(stock, features, **options))


def test_the_pass_of_language_detection_counts_for_the_tags(whispers):
    """Its pooled states are the first window's; the timeline is that of a call with the language given."""
    _, model = whispers
    features = log_mels(batch=2, frames=2 * FRAMES + 90)
    _, detected = record(model, features, return_timestamps=True)
    names = {token_id: name.strip("<|>") for name, token_id in TOKENS["lang_to_id"].items()}
    language = [names[token_id] for token_id in detected.language_ids]
    _, given = record(model, features, return_timestamps=True, language=language)
    for row in range(2):
        torch.testing.assert_close(detected.states(row, 12), given.states(row, 12))


def test_equal_sound_at_two_places_is_tagged_at_both(whispers):
    """A constant file: its windows are equal, so that the second could pass for a repeat of the first."""
    _, model = whispers
    features = torch.full_like(log_mels(frames=2 * FRAMES), 0.5)
    _, recorder = record(model, features, return_timestamps=True)
    timeline = recorder.states(0, 2 * STEPS)
    assert (timeline[:, STEPS:].abs().sum(dim=(0, 2)) > 0).all()


def test_hidden_states_of_the_encoder_are_still_given(whispers):
    _, model = whispers
    features = log_mels()
    options = {"return_dict_in_generate": True, "output_hidden_states": True}
    with model.record_timeline(1):
        outputs = generate(model, features, **options)
    expected = generate(model, features, **options)
    for ours, theirs in zip(outputs.encoder_hidden_states, expected.encoder_hidden_states, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_detection_of_other_rows_is_not_recorded(whispers):
    _, model = whispers
    with model.record_timeline(2) as recorder:
        model.detect_language(log_mels(batch=3))
    assert recorder.windows == [[], []]


def test_nothing_is_kept_after_the_call(whispers):
    _, model = whispers
    _, recorder = record(model, log_mels())
    assert recorder._kept is None


def test_without_a_recorder_nothing_changes(whispers):
    stock, model = whispers
    features = log_mels(batch=2)
    with watched(model) as (_, ours), watched(stock) as (_, theirs):
        assert torch.equal(generate(model, features, **FALLBACK), generate(stock, features, **FALLBACK))
    assert ours == theirs and len(ours) > 2
