"""Pieces with their own clocks put together by hand."""

from whisper_at_hf.pipeline.results import join_parts


def chunk(text, start, end, **more):
    return {"text": text, "timestamp": (start, end), **more}


def test_times_are_put_on_the_clock_of_the_file():
    first = {"text": " a b", "chunks": [chunk(" a", 0.0, 1.5), chunk(" b", 2.0, 3.0)]}
    second = {"text": " c", "chunks": [chunk(" c", 0.1, 0.92)]}
    assert join_parts([(0.0, 10.0, first), (10.04, 20.0, second)]) == {
        "text": " a b c",
        "chunks": [chunk(" a", 0.0, 1.5), chunk(" b", 2.0, 3.0), chunk(" c", 10.14, 10.96)],
    }


def test_a_chunk_without_an_end_ends_with_its_part():
    part = {"text": " a", "chunks": [chunk(" a", 1.0, None)]}
    assert join_parts([(5.0, 8.5, part)])["chunks"] == [chunk(" a", 6.0, 8.5)]


def test_times_beyond_the_part_are_clipped():
    part = {"text": " a b", "chunks": [chunk(" a", 1.0, 4.0), chunk(" b", 3.6, 4.0)]}
    assert join_parts([(5.0, 8.5, part)])["chunks"] == [chunk(" a", 6.0, 8.5), chunk(" b", 8.5, 8.5)]


def test_no_chunk_ends_before_it_begins():
    part = {"text": " a", "chunks": [chunk(" a", 2.0, 1.0)]}
    assert join_parts([(0.0, 10.0, part)])["chunks"] == [chunk(" a", 2.0, 2.0)]


def test_text_only():
    assert join_parts([(0.0, 10.0, {"text": " a"}), (10.0, 12.0, {"text": ""})]) == {"text": " a"}


def test_silence_has_no_chunks():
    assert join_parts([(0.0, 10.0, {"text": "", "chunks": []})]) == {"text": "", "chunks": []}


def test_languages_stay_with_their_chunks():
    timed = {"text": " a", "chunks": [chunk(" a", 0.0, 1.0, language="english")]}
    assert join_parts([(1.0, 9.0, timed)])["chunks"] == [chunk(" a", 1.0, 2.0, language="english")]
    untimed = {"text": " a", "chunks": [{"text": " a", "language": "english"}]}
    assert join_parts([(1.0, 9.0, untimed)])["chunks"] == [{"text": " a", "language": "english"}]
