"""The page as a user meets it, in Chromium."""

import html
import json
import time

import numpy as np
import pytest
from browser import chromium, console_messages
from sounds import RATE

from whisper_at_hf.pictures.page import timeline_page

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def driver():
    with chromium() as driver:
        yield driver


@pytest.fixture
def opened(driver, tmp_path):
    """Opens a page, and waits for its player if it has one."""

    def open_page(page: str):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        console_messages(driver)
        driver.get(path.as_uri())
        wait_until(lambda: driver.execute_script("return player.hidden || player.readyState > 0"))
        return driver

    return open_page


@pytest.fixture
def page(opened, result, sound):
    return opened(timeline_page(result, sound, "A title"))


def wait_until(holds, seconds: float = 10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def element(driver, selector: str):
    return driver.find_element("css selector", selector)


def player_time(driver) -> float:
    return driver.execute_script("return player.currentTime")


def current(driver, identifier: str) -> list[str]:
    """The texts that are highlighted in a list, without their times."""
    buttons = driver.find_elements("css selector", f"#{identifier} [aria-current=true]")
    return [button.find_element("css selector", "span").text for button in buttons]


def click_at(driver, part: float):
    """Click on the timeline at that part of its width."""
    from selenium.webdriver import ActionChains

    canvas = element(driver, "#canvas")
    offset = (part - 0.5) * canvas.size["width"]
    ActionChains(driver).move_to_element_with_offset(canvas, round(offset), 0).click().perform()


def press(driver, *keys: str):
    element(driver, "#timeline").send_keys(*keys)


def test_it_opens_without_a_complaint(page):
    assert page.title == element(page, "h1").text == "A title"
    assert console_messages(page) == []
    assert page.execute_script("return player.duration") == pytest.approx(10, abs=0.05)
    names = [name.text for name in page.find_elements("css selector", "#names div")]
    assert names[1:6] == ["Sound", "Text", "Scores", "Speech", "Dog"]
    assert page.execute_script("return performance.getEntriesByType('resource').length") <= 1  # the sound itself


def test_a_click_on_the_timeline_seeks_and_text_and_events_follow(page):
    click_at(page, 0.1)
    wait_until(lambda: player_time(page) == pytest.approx(1, abs=0.1))
    assert current(page, "chunks") == ["Good dog."] and current(page, "events") == ["Speech"]
    click_at(page, 0.5 + 0.01)
    wait_until(lambda: player_time(page) == pytest.approx(5.1, abs=0.1))
    assert current(page, "chunks") == ["Sit!"] and current(page, "events") == ["Speech", "Dog"]
    assert [name.text for name in page.find_elements("css selector", "#names .current")] == ["Speech", "Dog"]


def test_a_click_on_text_or_event_seeks(page):
    page.find_elements("css selector", "#chunks button")[1].click()
    wait_until(lambda: player_time(page) == pytest.approx(5, abs=0.05))
    page.find_elements("css selector", "#events button")[1].click()
    wait_until(lambda: player_time(page) == pytest.approx(4, abs=0.05))


def test_it_works_by_keys_alone(page):
    from selenium.webdriver.common.keys import Keys

    timeline = element(page, "#timeline")
    page.execute_script("document.getElementById('timeline').focus()")
    press(page, Keys.ARROW_RIGHT)
    wait_until(lambda: player_time(page) == pytest.approx(5, abs=0.05))
    assert timeline.get_attribute("role") == "slider"
    assert timeline.get_attribute("aria-valuenow") == "5.0"
    assert timeline.get_attribute("aria-valuetext") == "0:05 of 0:10"
    press(page, Keys.ARROW_LEFT)
    wait_until(lambda: player_time(page) == 0)
    press(page, Keys.END, Keys.HOME, Keys.SPACE)
    wait_until(lambda: player_time(page) > 0.3)
    wait_until(lambda: current(page, "chunks") == ["Good dog."])
    press(page, Keys.SPACE)
    assert page.execute_script("return player.paused")
    assert page.execute_script("return getComputedStyle(timeline).outlineStyle") == "solid"


def test_zoom_keeps_the_place_and_fit_shows_all(opened, make_result):
    page = opened(timeline_page(make_result(3600)))
    width = element(page, "#timeline").size["width"]

    def stretch() -> float:
        return page.execute_script("return document.getElementById('stretch').offsetWidth / arguments[0]", width)

    def middle() -> float:
        return page.execute_script("return toSeconds(width() / 2)")

    for _ in range(5):
        element(page, "#zoom-in").click()
    assert stretch() == pytest.approx(32, rel=0.01) and middle() == pytest.approx(1800, abs=5)
    element(page, "#zoom-out").click()
    assert stretch() == pytest.approx(16, rel=0.01) and middle() == pytest.approx(1800, abs=5)
    element(page, "#zoom-fit").click()
    assert stretch() == pytest.approx(1, rel=0.01)
    for _ in range(20):
        press(page, "+")
    shown = 3600 / page.execute_script("return zoom")
    assert shown == pytest.approx(4)
    assert console_messages(page) == []


def test_the_current_text_is_scrolled_into_view(opened, make_result):
    page = opened(timeline_page(make_result(600)))
    assert page.execute_script("return chunks.length") > 100
    click_at(page, 0.9)

    def visible() -> bool:
        return page.execute_script(
            "const list = at('chunks').getBoundingClientRect();"
            "const button = document.querySelector('#chunks [aria-current]')?.getBoundingClientRect();"
            "return Boolean(button) && button.top >= list.top && button.bottom <= list.bottom"
        )

    page.execute_script("seek(chunks.at(-2).start)")
    wait_until(visible)
    assert page.execute_script("return at('chunks').scrollTop") > 1000
    assert page.execute_script("return scrollY") == 0


def test_without_sound_the_cursor_is_put_all_the_same(opened, result):
    page = opened(timeline_page(result))
    assert not element(page, "#player").is_displayed()
    click_at(page, 0.15)  # 1.5 s: a width of whole pixels does not have every tenth of it
    assert element(page, "#clock").text == "0:01 / 0:10"
    assert current(page, "chunks") == ["Good dog."]


def test_hostile_texts_do_not_break_out(opened, result, sound, hostile):
    result["chunks"][0]["text"] = hostile
    result["audio_events"][1]["label"] = result["event_scores"]["labels"][1] = hostile
    page = opened(timeline_page(result, sound, title=hostile))
    assert page.find_elements("css selector", "img") == []
    assert not page.execute_script("return document.title === 'broken'")
    assert console_messages(page) == []
    # As JSON: half a letter of two (a lone surrogate) does not get through the driver.
    texts = "[at('title'), chunks[0].button.lastChild].map((one) => one.textContent)"
    shown = page.execute_script(f"return JSON.stringify({texts})")
    assert json.loads(shown) == [hostile, hostile]


def test_it_works_in_a_frame_that_is_shut_off(opened, result, sound):
    """As other pages embed it: an attribute of an element, with scripts allowed and nothing else."""
    source = html.escape(timeline_page(result, sound, "A title"), quote=True)
    frame = f'<iframe sandbox="allow-scripts" width="1000" height="800" srcdoc="{source}"></iframe>'
    page = opened(f"<!DOCTYPE html><meta charset=utf-8><audio id=player hidden></audio>{frame}")
    page.switch_to.frame(0)
    wait_until(lambda: page.execute_script("return player.readyState > 0"))
    click_at(page, 0.1)
    wait_until(lambda: player_time(page) == pytest.approx(1, abs=0.1))
    assert current(page, "chunks") == ["Good dog."]
    page.switch_to.default_content()
    assert console_messages(page) == []


def test_a_long_recording_is_sought_through_at_once(opened, make_result):
    noise = 0.1 * np.random.default_rng(0).standard_normal(1200 * RATE, dtype=np.float32)
    page = opened(timeline_page(make_result(1200), noise))
    page.execute_script("seek(1000)")
    wait_until(lambda: page.execute_script("return !player.seeking && player.readyState > 1"))
    assert player_time(page) == pytest.approx(1000, abs=0.1)
    press(page, " ")
    wait_until(lambda: player_time(page) > 1000.2)
