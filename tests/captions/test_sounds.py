"""Which events are said, and how."""

import pytest
from caption_results import result

from whisper_at_hf import InputError
from whisper_at_hf.captions import CaptionRules
from whisper_at_hf.captions.sounds import sounds_to_say


def said(*events, wording=None, **rules):
    sounds = sounds_to_say(result(events=events)["audio_events"], CaptionRules(**rules), wording)
    return [(sound.start / 100, *sound.lines) for sound in sounds]


WORDS = {
    "Dog": "dog barking",
    "Bark": "dog barking",
    "Animal": "animal",
    "Rain": "rain",
    "Siren": "siren",
    "Car": "car",
}
WORDS |= {"Music": "music", "Rock music": "rock music"}


def test_brackets_and_notes():
    assert said(("Dog", 1, 2), ("Rock music", 5, 9), wording=WORDS) == [(1, "[dog barking]"), (5, "[♪ rock music ♪]")]


def test_our_own_words():
    assert said(("Dog", 1, 2)) == [(1, "[dog barking]")]


def test_speech_and_labels_without_words_are_left_out():
    assert said(("Speech", 0, 9), ("Conversation", 0, 9), ("Rain", 0, 9), wording={"Rain": ""}) == []


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("Animal", 0, 2, 0.9), ("Dog", 0, 2, 0.5), ("Bark", 0.4, 1, 0.4)], [(0.4, "[dog barking]")]),
        ([("Music", 0, 60), ("Rock music", 3, 50)], [(3, "[♪ rock music ♪]")]),
        ([("Music", 0, 60), ("Rock music", 30, 50)], [(0, "[♪ music ♪]"), (30, "[♪ rock music ♪]")]),
        ([("Dog", 0, 2), ("Animal", 2, 4)], [(0, "[dog barking]")]),
        ([("Dog", 0, 2), ("Rain", 0, 2)], [(0, "[dog barking, rain]")]),
    ],
    ids="at once|soon|much later|just said|no relation".split("|"),
)
def test_the_specific_stands_for_the_general(events, expected):
    assert said(*events, wording=WORDS) == expected


def test_a_sound_that_returns_soon_is_not_said_again():
    assert said(("Dog", 0, 1), ("Dog", 5, 6), ("Dog", 15.9, 16), wording=WORDS) == [(0, "[dog barking]")]
    assert said(("Dog", 0, 1), ("Dog", 11, 12), wording=WORDS) == [(0, "[dog barking]"), (11, "[dog barking]")]
    assert said(("Dog", 0, 1), ("Bark", 5, 6), wording=WORDS) == [(0, "[dog barking]")]


def test_sounds_that_begin_together_share_a_cue_the_surest_first():
    events = [
        ("Rain", 0, 5, 0.4),
        ("Siren", 0.4, 2, 0.9),
        ("Car", 0.8, 2, 0.6),
        ("Dog", 0.8, 2, 0.3),
        ("Rock music", 0, 9, 0.3),
    ]
    assert said(*events, wording=WORDS) == [(0, "[siren, car, rain]"), (0, "[♪ rock music ♪]")]
    assert said(*events[:2], wording=WORDS, line_characters=10) == [(0, "[siren]")]
    assert said(("Rain", 0, 5), ("Siren", 1, 2), wording=WORDS) == [(0, "[rain]"), (1, "[siren]")]


def test_labels_of_ones_own_and_words_in_other_languages():
    assert said(("My Engine", 0, 1), ("Rain", 5, 6), wording={"Rain": "مطر"}) == [
        (0, "[my engine]"),
        (5, "[مطر]"),
    ]


def test_words_that_fit_into_no_caption_are_refused_by_name():
    with pytest.raises(InputError, match="of 'Rain' do not fit into 2 lines of 42 characters; give shorter ones"):
        said(("Rain", 0, 1), wording={"Rain": "rain " * 30})
    with pytest.raises(InputError, match="do not fit") as caught:
        said(("x" * 5000, 0, 1))
    assert len(str(caught.value)) < 250
    assert said(("Rain", 0, 1), wording={"Rain": "rain " * 9}) == [
        (0, "[rain rain rain rain", "rain rain rain rain rain]")
    ]
