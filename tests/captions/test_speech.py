"""Chunks as Whisper gives them, whole and odd, with a time for each of their words."""

import pytest
from caption_results import result

from whisper_at_hf import InputError
from whisper_at_hf.captions.speech import speech_chunks, speech_tokens


def times(*chunks):
    return [(chunk.text, chunk.start, chunk.end) for chunk in speech_chunks(result(*chunks))]


def test_times_are_kept_in_hundredths():
    assert times((" One two.", 0.5, 2.3), (" Three.", 2.3, 3.14)) == [("One two.", 50, 230), ("Three.", 230, 314)]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([(" a b c d e f.", 1.0, None)], [("a b c d e f.", 100, 180)]),  # 12 characters, 15 a second
        ([(" a b c d e f.", 1.0, 1.0)], [("a b c d e f.", 100, 180)]),
        ([(" a b c d e f.", 1.0, 0.5)], [("a b c d e f.", 100, 180)]),
        ([(" a.", 1.0, 3.0), (" b.", 1.3, 2.0)], [("a.", 100, 130), ("b.", 130, 200)]),
        ([(" b.", 5.0, 5.4), (" a.", 1.0, 1.4)], [("a.", 100, 140), ("b.", 500, 540)]),
        ([(" a.", 2.0, 2.2), (" b.", None, None)], [("a.", 200, 220), ("b.", 220, 233)]),
        ([("  ", 1.0, 2.0), ("\x00", 2.0, 3.0)], []),
        ([(" a.", -3.0, 0.4)], [("a.", 0, 40)]),
        ([], []),
    ],
    ids="no end|no time|end first|overlap|order|no start|empty|before the file|nothing".split("|"),
)
def test_odd_times(chunks, expected):
    assert times(*chunks) == expected


def test_words_share_the_time_of_their_segment_by_their_characters():
    tokens = speech_tokens(speech_chunks(result((" ab abcd", 1.0, 2.2))), 42)
    assert [(token.text, token.start, token.end) for token in tokens] == [("ab", 100, 140), ("abcd", 140, 220)]
    assert [token.closes for token in tokens] == [False, True]


def test_silence_is_not_counted_to_the_words():
    def ends(text, end):
        return [token.end for token in speech_tokens(speech_chunks(result((text, 0, end))), 42)]

    assert ends(" abcdefghijkl", 29.0) == [300]  # 12 characters, not less than 4 a second
    assert ends(" abcdefghijkl", 2.9) == [290]
    assert ends(" ab", 29.0) == [200] and ends(" ab", 1.5) == [150]


def texts(*chunks):
    tokens = speech_tokens(speech_chunks(result(*((text, i, i + 1) for i, text in enumerate(chunks)))), 42)
    return "".join(" " * token.space + token.text for token in tokens).strip()


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ([" Hello", " wor", "ld."], "Hello world."),  # Whisper's words bring their spaces
        (["Hello", "world."], "Hello world."),
        (["Hello there.", "You too."], "Hello there. You too."),
        (["今日は", "雨。", "Hello", " you"], "今日は雨。Hello you"),
        (["今日は雨。", "明日も雨。"], "今日は雨。明日も雨。"),
    ],
)
def test_spaces_between_chunks(chunks, text):
    assert texts(*chunks) == text


def test_words_close_with_their_sentence():
    tokens = speech_tokens(speech_chunks(result((" Is", 0, 1), (' it?"', 1, 2), (" Yes", 2, 3))), 42)
    assert [token.closes for token in tokens] == [False, True, False]


def test_segments_without_spaces_are_no_words():
    segments = speech_tokens(speech_chunks(result(("今日はいい天気です", 0, 2), ("明日も晴れるでしょう", 2, 4))), 42)
    assert [token.text for token in segments if token.closes] == ["す", "う"]
    words = speech_tokens(speech_chunks(result(("今日", 0, 1), ("は", 1, 2), ("雨。", 2, 3))), 42)
    assert [token.text for token in words if token.closes] == ["雨。"]


@pytest.mark.parametrize("without", [{"text": "a"}, {}, {"chunks": None}])
def test_a_result_without_times_is_refused(without):
    with pytest.raises(InputError, match="ask for them with return_timestamps=True"):
        speech_chunks(without)


def test_sounds_alone_have_no_speech():
    assert speech_chunks({"audio_events": []}) == []
