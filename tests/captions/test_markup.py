"""Hostile text stays text: in players' formats, read back by three libraries, and on a terminal."""

import html
import io

import av
import pysubs2
import pytest
import srt
import webvtt

from whisper_at_hf.captions.markup import JOINER, clean, escaped

HOSTILE = [
    "-->",
    "<script>alert(1)</script>",
    "a < b > c <i>d</i> < u >",
    "{\\an8}top",
    "{ {\\p1} }",
    "a\\Nb \\h \\n",
    "&lt;b&gt; & &amp;",
    "1\n00:00:00,000 --> 00:00:01,000\nx",
    "00:00:00,000 00:00:01,000",
    "00:01.000 --> 00:02.000 NOTE",
    "<00:00:01.000><c.red>x</c>",
    "<!-- x -->",
    "WEBVTT",
    "1984",
]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[31mred\x07\x9b1m", "[31mred1m"),
        ("a\n\nb\r\tc\u2028d\u3000e\x85f", "a b c d e f"),
        ("nul\x00 \ud800 end", "nul \ufffd end"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("\u200fשלום\u200e می\u200cخواهم 👩\u200d🚀", "\u200fשלום\u200e می\u200cخواهم 👩\u200d🚀"),
        (" \x00 ", ""),
    ],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


def written(text, format):
    file = pysubs2.SSAFile()
    file.events = [pysubs2.SSAEvent(0, 1000, escaped(text, format)), pysubs2.SSAEvent(2000, 3000, "after")]
    return file.to_string(format)


def seen(text):
    """Without our invisible joiner, and with ordinary braces."""
    return text.replace(JOINER, "").translate(str.maketrans("｛｝", "{}"))


@pytest.mark.parametrize("text", [clean(text) for text in HOSTILE] + ["first\n1984"])
def test_readers_see_the_text(text):
    subrip = list(srt.parse(written(text, "srt")))
    assert [seen(cue.content) for cue in subrip] == [text, "after"]
    captions = list(webvtt.from_string(written(text, "vtt")))
    # Players resolve what VTT calls entities; this reader leaves them as they are.
    assert [seen(html.unescape(caption.text)) for caption in captions] == [text, "after"]
    for format in ("srt", "ass"):
        events = pysubs2.SSAFile.from_string(written(text, format), format)
        assert [seen(event.plaintext) for event in events] == [text, "after"]
        assert [(event.start, event.end) for event in events] == [(0, 1000), (2000, 3000)]
    events = pysubs2.SSAFile.from_string(written(text, "vtt"), "vtt", keep_html_tags=True)
    assert [(event.start, event.end) for event in events] == [(0, 1000), (2000, 3000)]


@pytest.mark.parametrize("format", ["srt", "ass"])
def test_ffmpeg_sees_the_text(format, tmp_path):
    """The parser of mpv, VLC and most converters; it gives ASS, whose fields before the text have eight commas."""
    for text in map(clean, HOSTILE):
        (tmp_path / f"a.{format}").write_text(written(text, format), encoding="utf-8")
        with av.open(str(tmp_path / f"a.{format}")) as file:
            first = next(event for packet in file.demux() for event in packet.decode())
        first = first if hasattr(first, "ass") else first[0]  # PyAV before 15 gives several at a time
        assert seen(first.ass.decode().split(",", 8)[8]) == text


@pytest.mark.parametrize("text", [clean(text) for text in HOSTILE])
def test_nothing_is_left_that_players_take_for_markup(text):
    assert "{" not in escaped(text, "srt") + escaped(text, "ass")
    assert "<b" not in escaped("<b>", "srt") and "-->" not in escaped(text, "srt")
    assert not set("<>") & set(escaped(text, "vtt"))
    assert escaped("a\nb", "ass") == "a\\Nb"


def test_the_last_line_of_a_file_may_be_a_number():
    file = pysubs2.SSAFile()
    file.events = [pysubs2.SSAEvent(0, 1000, escaped("the year\n1984", "srt"))]
    read = pysubs2.SSAFile.from_file(io.StringIO(file.to_string("srt")), "srt")
    assert seen(read[0].plaintext) == "the year\n1984"
