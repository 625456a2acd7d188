"""The page as a visitor meets it, in Chromium: with the embedded model, and with one that says evil things."""

import os
import time
from pathlib import Path

import pytest
import soundfile
import srt
from browser import chromium, console_messages
from demo_pages import StandIn, served
from sounds import RATE, sine

from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.demo import Limits
from whisper_at_hf.demo.models import load_models

pytestmark = [pytest.mark.browser, pytest.mark.long]

WIDTH = 1200
# The page is at its narrowest on phones.
NARROW = 420
EVIL = """</iframe></textarea><script>window.evil=1</script><img src=x onerror="window.evil=1"> ${window.evil=1}"""


@pytest.fixture(scope="module")
def microphone(tmp_path_factory):
    """The sample as what Chromium's microphone hears, again and again."""
    path = tmp_path_factory.mktemp("microphone") / "sample.wav"
    samples, rate = soundfile.read(sample_path())
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def driver(microphone):
    listening = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with chromium(*listening, f"--use-file-for-fake-audio-capture={microphone}") as driver:
        yield driver


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("kept")))
        yield


@pytest.fixture(scope="module")
def embedded(default_model, own_folder):
    """The address of the demo with the embedded model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHISPER_AT_CACHE", str(default_model.parent))
        models = load_models(device="cpu")
    with served(*(models[name] for name in models.names)) as address:
        yield address


def eventually(value, seconds: float = 60):
    """What `value()` gives once that is something."""
    end = time.monotonic() + seconds
    while not (found := value()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
    return found


def elements(driver, selector: str, text: str = "") -> list:
    found = driver.find_elements("css selector", selector)
    return [element for element in found if element.is_displayed() and text in element.text]


def opened(driver, address: str):
    driver.set_window_size(WIDTH, 900)
    console_messages(driver)
    driver.get(address)
    eventually(lambda: elements(driver, "#transcribe"))
    return driver


def transcribe(page, path: Path) -> str:
    """Sends a file; gives the text once it is there."""
    page.find_element("css selector", "#sound input[type=file]").send_keys(str(path))
    eventually(lambda: elements(page, "#waveform"))  # the server has it
    elements(page, "#transcribe")[0].click()
    text = page.find_element("css selector", "#text textarea")
    return eventually(lambda: text.get_property("value"))


def picture(page, path: Path) -> None:
    """The whole page, as a picture of `WIDTH` columns."""
    page.set_window_size(WIDTH, 900)
    page.set_window_size(WIDTH, page.execute_script("return document.documentElement.scrollHeight") + 150)
    page.execute_script("window.scrollTo(0, 0); document.activeElement.blur()")
    time.sleep(1)
    page.find_element("tag name", "gradio-app").screenshot(str(path))


def is_too_wide(page) -> bool:
    return page.execute_script("return document.documentElement.scrollWidth > window.innerWidth")


def foreign_addresses(page) -> list[str]:
    """What the page has asked of anybody but its own server."""
    script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
    own = (page.execute_script("return location.origin"), "data:", "blob:")
    return [name for name in page.execute_script(script) if not name.startswith(own)]


@pytest.mark.real
def test_a_file_its_timeline_and_its_captions(driver, embedded, tmp_path):
    page = opened(driver, embedded)
    assert "it will begin to rain" in transcribe(page, sample_path())

    frame = eventually(lambda: elements(page, "#timeline iframe"))[0]
    page.execute_script("arguments[0].scrollIntoView()", frame)
    page.switch_to.frame(frame)
    eventually(lambda: page.execute_script("return player.readyState > 0 && player.duration > 19"))
    assert page.execute_script("return player.currentTime") == 0
    names = [element.text for element in page.find_elements("css selector", "#names div")]
    assert "Speech" in names and "Rain" in names
    page.find_element("css selector", "#canvas").click()  # in its middle
    eventually(lambda: abs(page.execute_script("return player.currentTime") - 10) < 0.5)
    page.execute_script("player.play()")
    eventually(lambda: page.execute_script("return !player.paused && player.currentTime > 10.5"))
    page.execute_script("player.pause(); player.currentTime = 0")
    page.switch_to.default_content()

    folder = tmp_path / "downloads"
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    page.execute_script("arguments[0].scrollIntoView()", elements(page, "#captions")[0])
    elements(page, "#download-srt")[0].click()
    eventually((folder / "sample.srt").is_file)
    said = [cue.content for cue in srt.parse((folder / "sample.srt").read_text())]
    assert "rain" in " ".join(said) and not any("rain pattering" in cue or "[" in cue for cue in said)
    elements(page, "#captions label", "SDH")[0].click()
    eventually(lambda: not page.find_elements("css selector", "#captions .generating"))
    time.sleep(1)
    (folder / "sample.srt").unlink()
    elements(page, "#download-srt")[0].click()
    eventually((folder / "sample.srt").is_file)
    assert any("[" in cue.content for cue in srt.parse((folder / "sample.srt").read_text()))

    assert foreign_addresses(page) == []
    # gradio's own complaint about its player, whatever is done with it.
    assert [message for message in console_messages(page) if "Method not implemented" not in message] == []
    assert not is_too_wide(page)
    chosen = os.environ.get("WHISPER_AT_SCREENSHOT")
    picture(page, Path(chosen or tmp_path / "demo.png"))
    page.set_window_size(NARROW, 900)
    assert not is_too_wide(page)


@pytest.mark.real
def test_the_microphone_is_heard_while_it_runs(driver, embedded):
    page = opened(driver, embedded)
    elements(page, "button[role=tab]", "Live")[0].click()
    eventually(lambda: elements(page, "#microphone button", "Record"))[0].click()
    eventually(lambda: "testing" in elements(page, "#live")[0].text)
    assert elements(page, "#microphone button", "Stop")
    eventually(lambda: elements(page, "#live .whisper-at-label", "Rain"))
    elements(page, "#microphone button", "Stop")[0].click()
    eventually(lambda: elements(page, "#microphone button", "Record"))
    time.sleep(2)
    heard = elements(page, "#live")[0].text
    assert "testing" in heard
    time.sleep(2)
    assert elements(page, "#live")[0].text == heard  # nothing comes any more
    elements(page, "button", "Clear")[-1].click()
    eventually(lambda: "Start the microphone" in elements(page, "#live")[0].text)
    assert not [message for message in console_messages(page) if "Method not implemented" not in message]


def test_nothing_that_is_said_or_named_becomes_part_of_the_page(driver, own_folder, tmp_path):
    path = tmp_path / "a<img src=x onerror=window.evil=1>.wav"
    soundfile.write(path, sine(2), RATE)
    with served(StandIn(said=EVIL, heads=("<b>head",))) as address:
        page = opened(driver, address)
        assert transcribe(page, path) == EVIL
        frame = eventually(lambda: elements(page, "#timeline iframe"))[0]
        assert page.execute_script("return window.evil") is None
        page.switch_to.frame(frame)
        eventually(lambda: page.execute_script("return player.readyState > 0"))
        assert page.execute_script("return window.evil") is None
        assert EVIL in page.find_element("css selector", "#chunks").text
        page.switch_to.default_content()
        assert not page.find_elements("css selector", "[onerror]")


def test_what_is_wrong_is_shown_as_a_sentence(driver, own_folder, tmp_path):
    limits = Limits(max_mb=1, max_minutes=0.05)
    soundfile.write(tmp_path / "long.wav", sine(4), RATE)
    soundfile.write(tmp_path / "large.wav", sine(40), RATE)
    with served(StandIn(), limits=limits) as address:
        page = opened(driver, address)
        elements(page, "#transcribe")[0].click()
        eventually(lambda: elements(page, ".toast-body", "There is no sound yet; choose a file, or record one."))
        page = opened(driver, address)
        page.find_element("css selector", "#sound input[type=file]").send_keys(str(tmp_path / "long.wav"))
        eventually(lambda: elements(page, "#waveform"))
        elements(page, "#transcribe")[0].click()
        toast = eventually(lambda: elements(page, ".toast-body", "longer than"))[0]
        assert "'long.wav' is longer than 0.05 minutes; send a part of it." in toast.text
        page = opened(driver, address)
        page.find_element("css selector", "#sound input[type=file]").send_keys(str(tmp_path / "large.wav"))
        toast = eventually(lambda: elements(page, ".toast-body", "size"))[0]
        assert "Traceback" not in toast.text
