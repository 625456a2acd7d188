"""Which words come together, in cases where one choice is clearly best."""

import pytest
from caption_results import result

from whisper_at_hf.captions import CaptionRules
from whisper_at_hf.captions.grouping import group_tokens
from whisper_at_hf.captions.sounds import Sound
from whisper_at_hf.captions.speech import speech_chunks, speech_tokens


def groups(*chunks, sounds=(), **rules):
    rules = CaptionRules(**rules)
    tokens = speech_tokens(speech_chunks(result(*chunks)), rules.line_characters)
    return [
        "".join(" " * token.space + token.text for token in group).strip()
        for group in group_tokens(tokens, rules, sounds)
    ]


def words(text, start=0.0, each=0.3, pause_after=None, pause=0.0):
    chunks = []
    for number, word in enumerate(text.split()):
        chunks.append((f" {word}", start, start + each))
        start += each + pause * (number == pause_after)
    return chunks


def test_segments_within_the_limits_stay_whole():
    assert groups((" One. Two.", 0, 3), (" Three.", 3, 6)) == ["One. Two.", "Three."]


def test_a_long_segment_is_cut_at_its_sentences():
    first = "This is the first sentence of the segment that is told here."
    second = "And this is the second one, which is about as long as the first."
    assert groups((f" {first} {second}", 0, 9)) == [first, second]


def test_a_long_sentence_is_cut_at_a_comma_and_else_before_a_conjunction():
    first = "After all of the long years that they had spent in the mountains,"
    second = "the two old friends walked down into the valley again."
    assert groups((f" {first} {second}", 0, 8)) == [first, second]
    first, second = (
        "They walked down into the valley with all their dogs",
        "because the winter had come early that year.",
    )
    assert groups((f" {first} {second}", 0, 8)) == [first, second]


def test_words_are_gathered_at_sentences_and_pauses():
    sentences = ["I saw the dog.", "It was barking at me."]
    assert groups(*words(" ".join(sentences), each=0.5)) == sentences
    assert groups(*words("and then we were all quiet until he spoke", each=0.4, pause_after=4, pause=1.2)) == [
        "and then we were all",
        "quiet until he spoke",
    ]


def test_what_is_too_short_to_be_shown_joins_its_neighbour():
    assert groups((" Yes.", 0, 0.3), (" No.", 0.3, 0.5), (" I am not sure.", 0.6, 2)) == ["Yes. No. I am not sure."]


def test_text_without_spaces_is_cut():
    text = "今日はとてもいい天気ですね。" * 8
    found = groups((text, 0, 25))
    assert "".join(found) == text and len(found) > 2
    assert all(part.endswith("。") for part in found)


@pytest.mark.parametrize("limit", [2, 3, 7])
def test_nothing_is_said_for_longer_than_a_cue_may_last(limit):
    chunks = words("a slow speaker says a word and then says another word", each=0.8)
    found = groups(*chunks, max_seconds=limit)
    assert all(len(part.split()) * 0.8 <= limit for part in found)
    assert " ".join(found) == "a slow speaker says a word and then says another word"


def test_a_line_is_left_for_a_sound():
    text = " The old man walked slowly to the house of his friend, and the dog did not know him at all."
    dog = Sound(100, 200, ("[dog barking]",), "sound")
    without, room = groups((text, 0, 9)), groups((text, 0, 9), sounds=[dog])
    assert len(without[0]) > 42 and len(room[0]) <= 42
    assert " ".join(without) == " ".join(room) == text.strip()
