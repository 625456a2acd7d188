"""Where text of different scripts may be parted."""

import pytest

from whisper_at_hf.captions.splitting import one_line, split_text


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("well-known fact.", ["well-known", "fact."]),
        ("今日は「雨」。", ["今", "日", "は", "「雨」。"]),
        ("ちょっとAIモデルー", ["ちょっ", "と", "AI", "モ", "デ", "ルー"]),
        ("ไทยน้ำ", ["ไท", "ย", "น้ำ"]),
        ("ក្មេង", ["ក្មេ", "ង"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
    ],
)
def test_pieces(text, pieces):
    assert [piece.text for piece in split_text(text, 42)] == pieces


def test_a_word_wider_than_a_line_is_cut_and_its_rest_begins_no_line_by_choice():
    first, second, third = split_text("a " + "b" * 15, 10)
    assert (second.text, second.space, second.parts) == ("b" * 10, True, True)
    assert (third.text, third.space, third.parts) == ("b" * 5, False, False)
    assert first.text == "a"
    assert [piece.text for piece in split_text("e\u0301" * 4, 3)] == ["e\u0301" * 3, "e\u0301"]


def test_one_line():
    assert one_line("a b\nc") == "a b c"
    assert one_line("今日は\n雨") == "今日は雨"
