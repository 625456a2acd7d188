"""Files of captions: written, and read back by other libraries and by hand."""

import csv
import html
import io

import pysubs2
import pytest
import srt
import webvtt
from caption_results import random_result, result

from whisper_at_hf import InputError
from whisper_at_hf.captions import broken_rules, format_captions, make_cues
from whisper_at_hf.captions.markup import JOINER
from whisper_at_hf.captions.splitting import one_line

SCENE = result((" Who is there?", 1.0, 2.5), events=[("Dog", 4.0, 5.2, 0.9), ("Speech", 0.8, 2.8, 0.9)])
WORDS = result((" Who", 1.0, 1.6), (" is", 2.0, 2.4), (" <i>?", 2.4, 2.9), events=[("Knock", 1.6, 2.0)])


def seen(text):
    return text.replace(JOINER, "").translate(str.maketrans("｛｝", "{}"))


def read_srt(text):
    return [(cue.start.total_seconds(), cue.end.total_seconds(), seen(cue.content)) for cue in srt.parse(text)]


def _seconds(stamp):
    hours, minutes, seconds = stamp.split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds), 3)


def read_vtt(text):
    captions = webvtt.from_string(text)
    return [(_seconds(cue.start), _seconds(cue.end), seen(html.unescape(cue.text))) for cue in captions]


def read_ass(text):
    events = pysubs2.SSAFile.from_string(text, "ass")
    return [(event.start / 1000, event.end / 1000, seen(event.plaintext)) for event in events]


def read_tsv(text):
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [(int(row["start"]) / 1000, int(row["end"]) / 1000, row["text"]) for row in rows]


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("captions", ["speech", "sdh"])
def test_what_is_read_back_is_what_was_made(seed, captions):
    made = random_result(seed, words=seed % 3 == 0)
    cues = make_cues(made, captions)
    expected = [(cue.start, cue.end, cue.text) for cue in cues]
    for format, read in (("srt", read_srt), ("vtt", read_vtt), ("ass", read_ass)):
        assert read(format_captions(made, format, captions)) == expected
    in_one_line = [(start, end, one_line(text)) for start, end, text in expected]
    assert read_tsv(format_captions(made, "tsv", captions)) == in_one_line


def test_srt_by_hand():
    assert format_captions(SCENE, "srt", "sdh") == (
        "1\n00:00:01,000 --> 00:00:02,500\nWho is there?\n\n2\n00:00:04,000 --> 00:00:05,200\n[dog barking]\n\n"
    )


def test_vtt_has_its_header():
    assert format_captions(SCENE, "vtt").startswith("WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.500\nWho is there?\n")


def test_tsv_is_that_of_whisper():
    assert format_captions(SCENE, "tsv") == "start\tend\ttext\n1000\t2500\tWho is there?\n"


def test_a_label_track_holds_speech_and_all_events():
    assert format_captions(SCENE, "audacity") == (
        "0.800000\t2.800000\tSpeech\n1.000000\t2.500000\tWho is there?\n4.000000\t5.200000\tDog\n"
    )
    only_events = {"audio_events": SCENE["audio_events"]}
    assert format_captions(only_events, "audacity").count("\n") == 2


def test_words_are_highlighted_as_whisper_does():
    cues = read_srt(format_captions(WORDS, "srt", highlight_words=True))
    assert cues == [
        (1.0, 1.6, "<u>Who</u> is <i>?"),
        (1.6, 2.0, "Who is <i>?"),
        (2.0, 2.4, "Who <u>is</u> <i>?"),
        (2.4, 2.9, "Who is <u><i>?</u>"),
    ]
    assert "[knocking]\\N{\\u1}Who{\\u0} is" in format_captions(WORDS, "ass", "sdh", highlight_words=True)
    assert "[knocking]\n<u>Who</u> is &lt;" in format_captions(WORDS, "vtt", "sdh", highlight_words=True)


@pytest.mark.parametrize("seed", range(0, 30, 3))
def test_highlighted_cues_do_not_overlap(seed):
    made = random_result(seed, words=True)
    for format, read in (("srt", read_srt), ("vtt", read_vtt), ("ass", read_ass)):
        cues = read(format_captions(made, format, "sdh", highlight_words=True))
        assert all(start < end for start, end, _ in cues)
        assert all(one[1] <= other[0] for one, other in zip(cues, cues[1:], strict=False))


@pytest.mark.parametrize("format", ["srt", "vtt", "ass", "tsv", "audacity"])
def test_silence_is_an_empty_file_that_readers_take(format):
    text = format_captions(result(), format, "sdh")
    assert "-->" not in text and "Dialogue" not in text


@pytest.mark.parametrize(
    ("made", "format", "options", "message"),
    [
        (SCENE, "sub", {}, "format='sub' is no format of captions; use one of srt, vtt, ass, tsv, audacity"),
        (SCENE, "tsv", {"highlight_words": True}, "cannot be shown in tsv"),
        (SCENE, "srt", {"highlight_words": True}, "return_timestamps='word'"),
        ({"chunks": []}, "audacity", {}, "return_events=True"),
        (result((" Late.", 36_000, 36_001)), "ass", {}, "clock of ass ends at 10 hours"),
    ],
)
def test_what_cannot_be_written_is_refused(made, format, options, message):
    with pytest.raises(InputError, match=message):
        format_captions(made, format, **options)


def test_a_long_file_fits_into_srt():
    assert "\n11:00:00,000 --> " in format_captions(result((" Late.", 39_600, 39_601)), "srt")
    assert broken_rules(make_cues(result((" Late.", 39_600, 39_601)))) == []
