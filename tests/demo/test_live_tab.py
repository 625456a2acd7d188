"""What the tab's parts do, called as gradio calls them; gradio's own client has no microphone."""

from types import SimpleNamespace

import gradio
import pytest
import soundfile
from demo_pages import StandIn
from sounds import RATE, sine

from whisper_at_hf.demo import Limits, build_demo
from whisper_at_hf.demo.live import LiveTranscript
from whisper_at_hf.demo.models import DemoModels

CHOICE = ("first", "default", "en")


@pytest.fixture
def model():
    return StandIn(said="live")


@pytest.fixture
def page(model):
    """The functions of the page by their names in the API, with a transcript for one visitor."""
    demo = build_demo(DemoModels([model]), Limits(max_minutes=5 / 60))
    functions = {function.api_name: function.fn for function in demo.fns.values()}
    return SimpleNamespace(**functions, live=LiveTranscript())


@pytest.fixture
def piece(tmp_path):
    path = tmp_path / "piece.wav"
    soundfile.write(path, sine(2), RATE)
    return path


def test_sound_is_taken_and_not_kept(page, piece):
    page.live_sound(str(piece), page.live)
    assert not piece.exists()
    page.live_sound(None, page.live)  # the microphone's last word
    assert "live" in page.live_text(page.live, *CHOICE)
    assert page.live.seconds == 2.0


def test_silence_that_came_twice_in_one_file(page, piece):
    page.live_sound(str(piece), page.live)
    page.live_sound(str(piece), page.live)
    assert "live" in page.live_text(page.live, *CHOICE) and page.live.seconds == 2.0


def test_what_is_no_sound_is_not_kept_either(page, tmp_path):
    path = tmp_path / "piece.wav"
    path.write_text("no sound")
    with pytest.raises(gradio.Error, match="No sound in the microphone"):
        page.live_sound(str(path), page.live)
    assert not path.exists()


def test_a_busy_model_is_not_waited_for_but_at_the_end(page, piece, model):
    page.live_sound(str(piece), page.live)
    model.is_busy = True
    assert page.live_text(page.live, *CHOICE) == gradio.skip()
    text, timer = page.live_end(page.live, *CHOICE)
    assert "live" in text and not timer.active


def test_a_session_is_as_long_as_a_file_may_be(page, piece):
    for _ in range(3):
        soundfile.write(piece, sine(2), RATE)
        page.live_sound(str(piece), page.live)
    soundfile.write(piece, sine(2), RATE)
    with pytest.raises(gradio.Error, match="ends after"):
        page.live_sound(str(piece), page.live)


def test_clearing_begins_anew(page):
    live, text = page.live_clear()
    assert live.lines == [] and text == LiveTranscript().as_html()
