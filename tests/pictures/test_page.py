"""The page as it is read: one file that asks for nothing, and that no text breaks out of."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest

from whisper_at_hf.audio import load_audio
from whisper_at_hf.pictures.page import timeline_page


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text of scripts and styles."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.inside = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in ("script", "style"):
            self.inside.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self.inside:
            self.inside[-1][2] += data

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.inside.append([None, None, ""])

    def of(self, tag: str, **attributes) -> list[str]:
        return [text for name, given, text in self.inside if name == tag and given == attributes]

    def data(self) -> dict:
        (text,) = self.of("script", id="data", type="application/json")
        return json.loads(text)


def test_the_data_of_the_page(result, sound):
    data = Elements(timeline_page(result, sound, title="A title")).data()
    assert (data["title"], data["seconds"]) == ("A title", 10)
    assert data["chunks"] == [[0.5, 2, "Good dog."], [5, 10, "Sit!"]]
    assert data["events"][1] == [4, 5.2, 1, 80]
    assert data["eventLabels"][:2] == data["heat"]["labels"][:2] == ["Speech", "Dog"]
    assert data["heat"]["scores"][0] == 15 * [90] + 10 * [2] and len(data["heat"]["edges"]) == 26
    assert data["wave"]["seconds"] == 10
    assert max(data["wave"]["heights"][:490]) == 100 and max(data["wave"]["heights"][510:]) == 0


def test_the_sound_is_in_the_page(result, sound):
    ((_, audio),) = [element for element in Elements(timeline_page(result, sound)).tags if element[0] == "audio"]
    kind, encoded = audio["src"].split(",")
    assert kind == "data:audio/mpeg;base64"
    decoded = load_audio(base64.b64decode(encoded))
    assert np.corrcoef(decoded, sound)[0, 1] > 0.99


def test_without_sound(result):
    elements = Elements(timeline_page(result))
    assert elements.data()["wave"] is None
    assert "src" not in dict(elements.tags)["audio"]


def test_only_its_own_script_may_run_and_nothing_is_loaded(result, sound):
    page = timeline_page(result, sound)
    elements = Elements(page)
    (policy,) = [given["content"] for tag, given in elements.tags if given.get("http-equiv")]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag in ("script", "style"):
        (text,) = elements.of(tag)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not re.search(r"https?:|//cdn|url\(|@import", page.replace(elements.of("script")[0], ""))
    allowed = {"src"} & {name for tag, given in elements.tags if tag != "audio" for name in given}
    assert not allowed
    assert not [name for _, given in elements.tags for name in given if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("name", ["title", "text", "label"])
def test_hostile_texts_stay_texts(result, hostile, name):
    page = timeline_page(result)
    if name == "text":
        result["chunks"][0]["text"] = hostile
    if name == "label":
        result["audio_events"][1]["label"] = result["event_scores"]["labels"][1] = hostile
    attacked = timeline_page(result, title=hostile if name == "title" else None)
    one, other = Elements(page), Elements(attacked)
    assert one.tags == other.tags
    assert one.of("script") == other.of("script")
    data = other.data()
    assert hostile in (data["title"], data["chunks"][0][2], data["eventLabels"][1])
    (raw,) = other.of("script", id="data", type="application/json")
    assert raw.isascii() and not set("<>&") & set(raw)


def test_the_script_writes_text_as_text_only():
    script = files("whisper_at_hf.pictures").joinpath("page.js").read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|fetch\(|Http", script
    )
    assert len(script.splitlines()) < 350


def test_an_hour_stays_small(make_result):
    assert len(timeline_page(make_result(3600))) < 1_000_000
