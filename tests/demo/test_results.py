"""What the page shows and gives away, and that nothing in it is taken for more than text."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
import srt
from demo_pages import result
from sounds import sine

from whisper_at_hf.demo.results import CAPTIONS, caption_files, text_of, timeline_frame
from whisper_at_hf.pictures.page import timeline_page

EVIL = """"'></iframe><script>alert(1)</script> & ${alert(1)}"""


class Elements(HTMLParser):
    """All elements that a browser would find."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_a_line_for_each_chunk():
    chunks = [{"text": " One."}, {"text": " "}, {"text": " Two."}]
    assert text_of({"text": " One. Two.", "chunks": chunks}) == "One.\nTwo."
    assert text_of({"text": " One. Two."}) == "One. Two."
    assert text_of({"audio_tags": []}) == ""


def test_the_frame_holds_the_timeline_and_nothing_else():
    said, audio = result(EVIL, label="Dog"), sine(1)
    ((tag, attributes),) = Elements(timeline_frame(said, audio, EVIL)).found
    assert tag == "iframe"
    assert attributes["srcdoc"] == timeline_page(said, audio, EVIL)
    assert attributes["sandbox"] == "allow-scripts"  # not "allow-same-origin": that would be no sandbox


def test_the_files_are_those_of_the_captions():
    files = caption_files(result("Good dog.", 2.0), "sdh", "talk.v2.mp3")
    assert list(files) == ["talk.v2.srt", "talk.v2.vtt", "talk.v2.ass", "talk.v2.json"]
    text = " ".join(cue.content for cue in srt.parse(files["talk.v2.srt"])).lower()
    assert "good dog." in text and "bark" in text
    assert json.loads(files["talk.v2.json"])["audio_events"][0]["label"] == "Dog"


def test_speech_alone_says_no_sounds():
    files = caption_files(result("Good boy.", 2.0), "speech", "talk.mp3")
    assert "bark" not in files["talk.srt"] and "Good boy." in files["talk.vtt"] and "Good boy." in files["talk.ass"]


@pytest.mark.parametrize("captions", [value for _, value in CAPTIONS])
def test_silence_has_captions_too(captions):
    silent = {"text": "", "language": "en", "chunks": [], "audio_tags": [], "audio_events": []}
    assert caption_files(silent, captions, "silence.wav")["silence.srt"].strip() == ""
    assert "<iframe" in timeline_frame(silent, np.zeros(16_000, np.float32), "silence.wav")
