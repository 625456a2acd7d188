"""Widths, and the places where lines break."""

import pytest

from whisper_at_hf.captions.lines import break_lines, cheapest_parts, text_width
from whisper_at_hf.captions.splitting import split_text
from whisper_at_hf.captions.token import Token


def lines(text, width=42):
    tokens = [Token(piece.text, text_width(piece.text), piece.space, piece.parts) for piece in split_text(text, width)]
    return ["".join(" " * token.space + token.text for token in line).strip() for line in break_lines(tokens, width)]


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("今日", 4), ("ｱ", 1), ("e\u0301", 1), ("ที่", 1), ("\u200fשלום", 4), ("", 0)]
)
def test_width(text, width):
    assert text_width(text) == width


def test_what_fits_stays_on_one_line():
    assert lines("x" * 20 + ", " + "y" * 20) == ["x" * 20 + ", " + "y" * 20]


@pytest.mark.parametrize(
    "expected",
    [
        ["Good morning everyone, and welcome", "to the annual meeting of the trees"],
        ["I told him that I had seen the dog.", "He did not believe me."],
        ["We went all the way to the old house,", "which nobody had seen for years."],
    ],
)
def test_lines_break_between_what_belongs_together(expected):
    assert lines(" ".join(expected)) == expected


def test_an_article_stays_with_its_noun():
    assert lines("dd dddd ddd the house ddd ddd", width=20) == ["dd dddd ddd", "the house ddd ddd"]
    assert lines("dd dddd ddd xyz house ddd ddd", width=20) == ["dd dddd ddd xyz", "house ddd ddd"]


def test_no_line_is_too_long_and_none_too_many():
    text = " ".join(["eleven char"] * 7)
    assert [len(line) for line in lines(text)] == [42, 40] and " ".join(lines(text)) == text


def test_the_cheapest_parts_by_hand():
    prices = {(0, 1): 1, (0, 2): 5, (1, 2): 1, (1, 3): 1.5, (2, 3): 3}
    found = cheapest_parts(3, lambda first: [prices.get((first, stop), 99) for stop in range(first + 1, 4)])
    assert found == [(0, 1), (1, 3)]
    assert cheapest_parts(0, lambda first: []) == []
