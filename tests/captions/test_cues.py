"""Whole results as captions: all rules, all words, for results of all kinds."""

import pytest
from caption_results import random_result, result

from whisper_at_hf import InputError
from whisper_at_hf.captions import CaptionRules, Cue, broken_rules, make_cues
from whisper_at_hf.captions.markup import clean

TALK = result(
    (" Good morning everyone.", 0.0, 2.0),
    (" Is somebody at the door?", 6.0, 8.0),
    (" That is only the dog, which has been waiting outside since", 8.0, 11.6),
    (" the rain began.", 11.6, 13.0),
    events=[
        ("Speech", 0, 13, 0.99),
        ("Dog", 3.2, 4.4, 0.9),
        ("Animal", 3.2, 4.4, 0.95),
        ("Knock", 6.4, 7.2, 0.8),
        ("Rain", 13.2, 30, 0.7),
    ],
)
WORDING = {"Dog": "dog barking", "Knock": "knocking", "Rain": "rain falling"}


def test_a_scene_by_hand():
    assert make_cues(TALK, "sdh", wording=WORDING) == [
        Cue(0.0, 2.0, "Good morning everyone."),
        Cue(3.2, 4.4, "[dog barking]", "sound"),
        Cue(6.0, 7.91, "[knocking]\nIs somebody at the door?"),
        Cue(8.0, 11.51, "That is only the dog,\nwhich has been waiting outside since"),
        Cue(11.6, 13.0, "the rain began."),
        Cue(13.2, 16.2, "[rain falling]", "sound"),
    ]


def test_speech_makes_room_for_a_sound():
    text = " The old man walked slowly to the house of his friend, and the dog did not know him at all."
    told = result((text, 0, 7.0), (text, 7.0, 14.0), events=[("Dog", 1.0, 2.0)])
    cues = make_cues(told, "sdh", wording=WORDING)
    assert make_cues(told)[0].text.count("\n") == 1
    assert cues[0].text.startswith("[dog barking]\nThe old man") and broken_rules(cues) == []


def test_a_lasting_sound_does_not_wait_for_the_end_of_the_speech():
    text = " The old man walked very slowly to the house of his friend, who was not at home."
    times = [6.5 * number for number in range(5)]
    told = result(*((text, time, time + 6.5) for time in times), events=[("Rain", 1.0, 90.0)])
    assert all("\n" in cue.text for cue in make_cues(told))
    cues = make_cues(told, "sdh", wording=WORDING)
    assert any(cue.text.startswith("[rain falling]\n") for cue in cues) and broken_rules(cues) == []


def test_speech_alone_needs_no_events():
    cues = make_cues({"chunks": TALK["chunks"]})
    assert [cue.kind for cue in cues] == ["speech"] * 4 and cues == make_cues(TALK)


def test_words_know_their_place_and_time():
    (cue,) = make_cues(result((" Who", 1.0, 1.2), (" is", 1.2, 1.4), (" there?", 1.4, 1.9)))
    assert [(cue.text[word.first : word.stop], word.start, word.end) for word in cue.words] == [
        ("Who", 1.0, 1.2),
        ("is", 1.2, 1.4),
        ("there?", 1.4, 1.9),
    ]


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("words", [False, True])
def test_all_results_keep_all_rules_and_all_words(seed, words):
    made = random_result(seed, words)
    for captions in ("speech", "sdh"):
        cues = make_cues(made, captions)
        assert [text for text in broken_rules(cues) if "characters a second" not in text] == []
        speech = [line for cue in cues if cue.kind == "speech" for line in cue.text.split("\n")]
        text = "".join(line for line in speech if not line.startswith("["))
        chunks = sorted(made["chunks"], key=lambda chunk: chunk["timestamp"][0])
        assert "".join(text.split()) == "".join(clean("".join(chunk["text"] for chunk in chunks)).split())
        if captions == "sdh" and speech == []:
            assert broken_rules(cues) == []  # sounds are never too fast to read


@pytest.mark.parametrize("seed", range(10))
def test_other_rules_are_kept_too(seed):
    rules = CaptionRules(
        line_characters=20 + seed, lines=1 + seed % 3, min_seconds=1.2, max_seconds=3, gap_seconds=0.2 * (seed % 2)
    )
    broken = broken_rules(make_cues(random_result(seed), "sdh", rules), rules)
    assert [text for text in broken if "characters a second" not in text] == []


def test_speech_at_a_usual_pace_is_shown_at_a_readable_one():
    text = " The quick brown fox jumps over the lazy dog, and then it runs away into the forest again." * 12
    cues = make_cues(result((text, 0, len(text) / 15)))
    assert len(cues) > 10 and broken_rules(cues) == []


def test_an_hour_takes_seconds():
    words = [(f" word{'.' * (i % 9 == 0)}", i * 0.35, i * 0.35 + 0.3) for i in range(10_000)]
    cues = make_cues(result(*words, events=[("Dog", i * 7.0, i * 7.0 + 1) for i in range(500)]), "sdh")
    assert broken_rules(cues) == []


@pytest.mark.parametrize(
    ("given", "captions", "message"),
    [
        (TALK, "both", "captions='both' is unknown"),
        ({"chunks": []}, "sdh", "no sound events.*return_events=True"),
        ({"text": "a"}, "speech", "return_timestamps=True"),
    ],
)
def test_what_cannot_be_made_is_refused(given, captions, message):
    with pytest.raises(InputError, match=message):
        make_cues(given, captions)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": 5}, "The rules are a int"),
        ({"wording": 5}, "wording=5 are no words by label"),
        ({"wording": {"Dog": 5}}, "wording: the words of 'Dog' are 5"),
    ],
)
def test_options_of_wrong_types(options, message):
    with pytest.raises(InputError, match=message):
        make_cues(TALK, "sdh", **options)
