"""Lines grow while sound comes, and are final once the next one has begun."""

import numpy as np
import pytest
from demo_pages import result
from sounds import RATE, sine

from whisper_at_hf import InputError
from whisper_at_hf.demo.live import MAX_WAITING_SECONDS, LiveTranscript


@pytest.fixture
def live():
    return LiveTranscript()


def hear(live):
    """Updates the transcript with a pipeline that says how long the sound is; gives what it was asked about."""
    asked = []

    def listen(sound):
        asked.append(len(sound["raw"]) / sound["sampling_rate"])
        return result(f"{asked[-1]:.1f} s")

    live.update(listen)
    return asked


def test_a_line_grows(live):
    live.add(RATE, sine(2), max_seconds=60)
    assert hear(live) == [2.0]
    live.add(RATE, sine(1), max_seconds=60)
    live.add(RATE, sine(2), max_seconds=60)
    assert hear(live) == [5.0]
    (line,) = live.lines
    assert (line.start, line.text, line.labels) == (0.0, "5.0 s", ["Speech", "Dog"])


def test_nothing_new_is_not_heard_again(live):
    live.add(RATE, sine(2), max_seconds=60)
    hear(live)
    assert hear(live) == []


def test_a_beginning_that_makes_whisper_guess_waits(live):
    live.add(RATE, sine(0.5), max_seconds=60)
    assert hear(live) == []
    live.add(RATE, sine(0.5), max_seconds=60)
    assert hear(live) == [1.0]


def test_a_long_line_is_cut_at_a_pause_and_final(live):
    rate = 48_000
    sound = np.concatenate([sine(12, rate), np.zeros(rate, np.float32), sine(5, rate)])
    live.add(rate, sound, max_seconds=60)
    asked = hear(live)
    assert asked == [pytest.approx(12.5, abs=0.3), pytest.approx(5.5, abs=0.3)]
    assert live.lines[1].start == pytest.approx(asked[0])
    live.add(rate, sine(1, rate), max_seconds=60)
    assert hear(live) == [pytest.approx(asked[1] + 1)]
    assert [line.text for line in live.lines] == [f"{asked[0]:.1f} s", f"{asked[1] + 1:.1f} s"]
    assert live.seconds == pytest.approx(19)


def test_an_error_of_the_model_loses_no_sound(live):
    def fail(sound):
        raise InputError("no")

    live.add(RATE, sine(2), max_seconds=60)
    with pytest.raises(InputError, match="no"):
        live.update(fail)
    live.add(RATE, sine(1), max_seconds=60)
    assert hear(live) == [3.0]


def test_a_session_ends(live):
    live.add(RATE, sine(2), max_seconds=2)
    hear(live)
    live.add(RATE, sine(1), max_seconds=2)
    with pytest.raises(InputError, match="ends after 0.0333333 minutes"):
        live.add(RATE, sine(1), max_seconds=2)


def test_sound_does_not_pile_up(live):
    live.add(RATE, np.zeros(round((MAX_WAITING_SECONDS + 1) * RATE), np.float32), max_seconds=3600)
    with pytest.raises(InputError, match="too slow or too busy"):
        live.add(RATE, sine(1), max_seconds=3600)


def test_another_microphone_begins_anew(live):
    live.add(RATE, sine(2), max_seconds=60)
    live.add(44_100, sine(2, 44_100), max_seconds=60)
    with pytest.raises(InputError, match="microphone changed"):
        hear(live)


def test_words_and_labels_are_no_html(live):
    live.add(RATE, sine(2), max_seconds=60)
    live.update(lambda _: result("<script>alert(1)</script> ${1+1}", label="<img src=x onerror=alert(1)>"))
    page = live.as_html()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<script" not in page and "<img" not in page


def test_a_line_without_text_or_labels_is_not_shown(live):
    live.add(RATE, sine(2), max_seconds=60)
    live.update(lambda _: {"text": " ", "audio_tags": [{"timestamp": (0.0, 2.0), "tags": []}]})
    assert live.as_html() == LiveTranscript().as_html()
