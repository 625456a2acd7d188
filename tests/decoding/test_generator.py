"""Windows from log-mel to tokens and pooled states, with languages and tasks, against transformers."""

import pickle

import pytest
import torch
from tiny import FRAMES, POSITIONS, log_mels, tiny_model
from tiny_multilingual import (
    ENGLISH,
    FIRST_TIMESTAMP,
    GERMAN,
    TRANSCRIBE,
    TRANSLATE,
    LetterTokenizer,
    encoded,
    first_pass,
    multilingual_model,
)

from whisper_at_hf import InputError
from whisper_at_hf.decoding.generator import WindowGenerator, can_generate, encode_windows
from whisper_at_hf.decoding.window import SoundFile, Window
from whisper_at_hf.model.timeline import PooledTimeline, Span

GREEDY = {
    "temperature": 0.0,
    "compression_ratio_threshold": None,
    "logprob_threshold": None,
    "no_speech_threshold": None,
}


@pytest.fixture(scope="module")
def model():
    return multilingual_model(seed=1)


@pytest.fixture(scope="module")
def features():
    """Of both languages, by the model's judgement."""
    return log_mels(7, seed=3)


@pytest.fixture(scope="module")
def languages(model, features):
    found = model.detect_language(features).tolist()
    assert set(found) == {ENGLISH, GERMAN}
    return found


def windows_of(features, files=None, num_positions=POSITIONS, is_last=False):
    files = files or [SoundFile() for _ in features]
    mask = torch.ones(1, FRAMES, dtype=torch.long)
    return [
        Window(features[index : index + 1], mask, Span(), file, is_last, num_positions=num_positions)
        for index, file in enumerate(files)
    ]


def generator(model, timestamps=False, **options):
    return WindowGenerator(model, LetterTokenizer(), {**GREEDY, **options}, timestamps)


def tokens_of(outputs):
    return [result.pieces[0].tokens[0].tolist() for result in outputs]


def generated(model, features, **options):
    return [row["tokens"] for row in first_pass(model, features, **options)]


def test_text_in_the_language_that_is_heard(model, features, languages):
    outputs = generator(model).decode(windows_of(features), pool=False)
    assert [output.language_id for output in outputs] == languages
    assert tokens_of(outputs) == generated(model, features)


@pytest.mark.parametrize("language", ["de", "German", "<|de|>"])
@pytest.mark.parametrize(("task", "token"), [("transcribe", TRANSCRIBE), ("translate", TRANSLATE), (None, TRANSCRIBE)])
def test_language_and_task_as_given(model, features, language, task, token):
    ours = generator(model, language=language, task=task)
    assert (ours.language_id, ours.task_id) == (GERMAN, token)
    outputs = ours.decode(windows_of(features[:3]), pool=False)
    assert [output.language_id for output in outputs] == [GERMAN] * 3
    assert tokens_of(outputs) == generated(model, features[:3], language="de", task=task)


def test_the_same_sound_has_the_same_sampled_text_and_others_have_others(model, features):
    ours = generator(model, temperature=1.0, language="de")
    first, other, again = tokens_of(ours.decode(windows_of(features[[0, 1, 0]]), pool=False))
    assert first == again != other
    assert tokens_of(ours.decode(windows_of(features[[1]]), pool=False)) == [other]


def test_a_file_has_the_language_of_its_first_window(model, features, languages):
    first, other = languages.index(ENGLISH), languages.index(GERMAN)
    file = SoundFile()
    ours = generator(model)
    outputs = ours.decode(windows_of(features[[first, other, other]], [file, file, SoundFile()]), pool=False)
    assert [output.language_id for output in outputs] == [ENGLISH, ENGLISH, GERMAN]
    assert tokens_of(outputs)[1] == generated(model, features[[other]], language="en")[0]
    # In a later batch as well.
    (output,) = ours.decode(windows_of(features[[other]], [file]), pool=False)
    assert output.language_id == ENGLISH


def test_generators_of_one_call_share_the_languages_of_files_that_go_on(model, features, languages):
    """Windows that another process has made are copies, and so are their files."""
    first, other = languages.index(ENGLISH), languages.index(GERMAN)
    file, found = SoundFile(), {}

    def generate(index, is_last):
        windows = pickle.loads(pickle.dumps(windows_of(features[[index]], [file], is_last=is_last)))
        ours = WindowGenerator(model, LetterTokenizer(), GREEDY, False, found)
        return ours.generate(windows, pool=False)[0].language_id

    assert generate(first, is_last=False) == ENGLISH
    assert generate(other, is_last=True) == ENGLISH
    assert found == {}  # the file has ended
    assert generate(other, is_last=True) == GERMAN


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"language": "french"}, "The model does not know 'fr'; use one of de, en."),
        ({"language": "klingon"}, "The model does not know 'klingon'; use one of de, en."),
        ({"language": ["de"]}, "language=['de'] is not the name of a language; use one such as 'en' for all files."),
        ({"task": "sing"}, "The model does not know 'sing'; use one of transcribe, translate."),
    ],
)
def test_unknown_languages_and_tasks(model, options, message):
    with pytest.raises(InputError) as error:
        generator(model, **options)
    assert str(error.value) == message


def test_what_an_english_model_cannot_do():
    model = multilingual_model()
    for name in ("lang_to_id", "task_to_id", "task"):
        delattr(model.generation_config, name)
    model.generation_config.is_multilingual = False
    for options in ({"language": "de"}, {"task": "translate"}):
        with pytest.raises(InputError, match="English only"):
            generator(model, **options)
    english = generator(model, language="English", task="transcribe")
    (output,) = english.decode(windows_of(log_mels(1)), pool=False)
    assert output.language_id is None
    assert tokens_of([output]) == generated(model, log_mels(1))


def test_temperature_as_a_number_or_several(model):
    assert generator(model, temperature=0.5).decoder.options.temperature == (0.5,)
    assert generator(model, temperature=[0.0, 1.0]).decoder.options.temperature == (0.0, 1.0)
    assert generator(model, temperature=None).decoder.options.temperature == (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def test_timestamps(model, features):
    outputs = generator(model, timestamps=True).decode(windows_of(features), pool=False)
    assert all(tokens[0] >= FIRST_TIMESTAMP for tokens in tokens_of(outputs))
    assert all(output.pieces[0].token_timestamps is None for output in outputs)


def test_times_end_with_the_sound_of_a_window(model, features):
    windows = windows_of(features, num_positions=30)
    later = [tokens[1:] for tokens in tokens_of(generator(model, timestamps=True).decode(windows, pool=False))]
    assert max(token for tokens in later for token in tokens) <= FIRST_TIMESTAMP + 30
    whole = tokens_of(generator(model, timestamps=True).decode(windows_of(features), pool=False))
    assert max(token for tokens in whole for token in tokens[1:]) > FIRST_TIMESTAMP + 30


def test_word_times_are_as_many_as_tokens_and_never_go_back(model, features):
    outputs = generator(model, timestamps="word").decode(windows_of(features), pool=False)
    for output in outputs:
        (piece,) = output.pieces
        times = piece.token_timestamps
        assert times.shape == piece.tokens[0].shape
        assert (times.diff() >= 0).all() and times.max() <= POSITIONS * 0.02


def test_pooled_states_are_those_of_a_pass_of_their_own(model, features):
    expected = model.get_pooled_states(features)
    outputs = generator(model).decode(windows_of(features), pool=True)
    for output, states in zip(outputs, expected, strict=True):
        ((step, pooled),) = output.pooled
        assert step == 0
        torch.testing.assert_close(pooled, states, atol=1e-5, rtol=0)
    assert [output.pooled for output in generator(model).decode(windows_of(features), pool=False)] == [[]] * 7


def test_windows_that_begin_anywhere_share_one_grid(model):
    """Steps (20 positions) in which one window ends and the next begins hold the mean of both."""
    features = log_mels(2)
    with torch.no_grad():
        states, windows = encode_windows(model, features, [Span(0, 0, 70), Span(70, 70, None)])
    torch.testing.assert_close(states, encoded(model, features), atol=1e-5, rtol=0)
    timeline = PooledTimeline()
    timeline.add([window for row in windows for window in row])
    timeline.end_at(8)
    blocks = []
    hooks = [
        layer.register_forward_hook(lambda _, __, output: blocks.append(output))
        for layer in model.model.encoder.layers
    ]
    encoded(model, features)
    for hook in hooks:
        hook.remove()
    for layer, block in enumerate(blocks):
        block = block[0] if isinstance(block, tuple) else block
        joined = torch.cat([block[0, :70], block[1, :90]])
        torch.testing.assert_close(timeline.states[layer], joined.unflatten(0, (8, 20)).mean(dim=1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"language": "en", "task": "translate", "temperature": (0.0, 0.5), "max_new_tokens": 5}, True),
        ({"num_beams": 1, "do_sample": False, "prompt_ids": None}, True),
        ({"num_beams": 2}, False),
        ({"do_sample": True}, False),
        ({"condition_on_prev_tokens": True}, False),
        ({"prompt_ids": torch.tensor([1])}, False),
        ({"repetition_penalty": 1.2}, False),
    ],
)
def test_what_only_generate_can_do(options, expected):
    assert can_generate(options) is expected


def test_models_without_timestamps_in_their_configuration_are_no_use_here():
    """Tiny random models of other tests; their first window is still encoded."""
    states, windows = encode_windows(tiny_model(), log_mels(2), None)
    assert states.shape[:2] == (2, POSITIONS) and windows == [[], []]
