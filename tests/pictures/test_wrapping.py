"""Lines that fit, whatever the text; a letter is 1 wide here."""

from whisper_at_hf.pictures.wrapping import cut, wrap


def test_words_fill_lines():
    assert wrap("one two three four", 9, 5, len) == ["one two", "three", "four"]
    assert wrap(" one\ntwo ", 9, 5, len) == ["one two"]


def test_what_is_left_over_is_told_by_an_ellipsis():
    assert wrap("one two three four", 9, 2, len) == ["one two", "three…"]
    assert wrap("one two three four", 5, 2, len) == ["one", "two…"]
    assert wrap("one two six four", 7, 1, len) == ["one tw…"]


def test_a_word_wider_than_the_box_is_broken():
    assert wrap("a incomprehensible b", 6, 5, len) == ["a", "incomp", "rehens", "ible b"]
    assert wrap("今日はとても良い天気です", 5, 2, len) == ["今日はとて", "も良い天…"]


def test_no_room_at_all():
    assert wrap("word", 0.5, 3, len) == []
    assert wrap("word", -1, 3, len) == []
    assert wrap("", 5, 3, len) == []


def test_no_line_is_wider_than_the_box():
    text = "It was the best of times, it was the worst of times, incomprehensibilities included."
    for width in range(1, 30):
        assert all(len(line) <= width for line in wrap(text, width, 4, len)), width


def test_cut():
    assert cut("abcdef", 6, len) == "abcdef"
    assert cut("abc def", 5, len) == "abc…"
    assert cut("abcdef", 0, len) == "…"


def test_long_texts_are_measured_a_few_times():
    measured = []

    def measure(text):
        measured.append(len(text))
        return len(text)

    assert cut("x" * 100_000, 30, measure) == "x" * 29 + "…"
    assert len(measured) < 20 and max(measured) <= 1001
