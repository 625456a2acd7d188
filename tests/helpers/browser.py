"""A headless Chromium for tests of pages, driven by selenium."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

# Nothing is asked of any network, and no graphics card is needed. QUIC and the updates only cost time.
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1200,900",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(*more: str) -> Iterator:
    """A selenium driver of a headless Chromium, with a profile of its own; both are gone after the block.

    `more` are further options of its command line.

    Where selenium, Chromium or its driver is missing the test is skipped with the reason; with WHISPER_AT_BROWSER set
    it fails.
    """
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver_program = shutil.which("chromedriver")
    if importlib.util.find_spec("selenium") is None:
        _missing("selenium")
    if program is None or driver_program is None:
        _missing("chromium" if program is None else "chromedriver")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for option in (*OPTIONS, *more, f"--user-data-dir={profile}"):
            options.add_argument(option)
        # Named, the driver is not looked for in the network.
        driver = Chrome(options=options, service=Service(driver_program))
        try:
            yield driver
        finally:
            driver.quit()


def console_messages(driver) -> list[str]:
    """What the page has complained about since the last call: errors of scripts, what its policy refused."""
    return [entry["message"] for entry in driver.get_log("browser")]


def _missing(name: str) -> NoReturn:
    message = f"no {name} here, which tests of pages need"
    if os.environ.get("WHISPER_AT_BROWSER"):
        pytest.fail(message)
    pytest.skip(message)
