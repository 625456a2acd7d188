"""The page as its visitors reach it, by gradio's own client: models that take no time, the rest is real."""

import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import soundfile
import srt
from demo_pages import StandIn, served
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from sounds import RATE, sine

from whisper_at_hf import InputError
from whisper_at_hf.demo import Limits, launch, sentences
from whisper_at_hf.demo.style import theme

pytestmark = pytest.mark.long


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """The folder where this test's pages keep files."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def client(tmp_path):
    """Makes clients, each a visitor of its own, with a folder for what they download."""

    def client(address):
        return Client(address, download_files=str(tmp_path / "downloads"), verbose=False)

    return client


@pytest.fixture
def wav(tmp_path):
    def wav(name="tone.wav", amplitude=0.5, seconds=2.0):
        soundfile.write(tmp_path / name, sine(seconds, amplitude=amplitude), RATE)
        return handle_file(str(tmp_path / name))

    return wav


def test_text_timeline_and_captions(own_folder, client, wav):
    model = StandIn()
    with served(model) as address:
        assert address.startswith("http://127.0.0.1:")
        visitor = client(address)
        text, timeline, *files = visitor.predict(wav(), captions="sdh", api_name="/transcribe")
        assert text == "first hears 0.50" and "<iframe" in timeline
        assert [Path(file).name for file in files] == [f"tone.{end}" for end in ("srt", "vtt", "ass", "json")]
        assert any("bark" in cue.content for cue in srt.parse(Path(files[0]).read_text()))
        files = visitor.predict("speech", api_name="/captions")
        assert [cue.content for cue in srt.parse(Path(files[0]).read_text())] == ["first hears 0.50"]
        assert model.calls == [("default", "en")]
        documented = visitor.view_api(return_format="dict", print_info=False)["named_endpoints"]
        assert set(documented) == {"/choose_model", "/transcribe", "/captions"}


def test_two_visitors_do_not_mix(own_folder, client, wav):
    model = StandIn()
    both = threading.Barrier(2)
    with served(model) as address:
        found = {}

        def visit(amplitude):
            visitor, sound = client(address), wav(f"{amplitude}.wav", amplitude)
            both.wait(20)
            texts = [visitor.predict(sound, api_name="/transcribe")[0] for _ in range(3)]
            both.wait(20)
            captions = Path(visitor.predict("speech", api_name="/captions")[0]).read_text()
            found[amplitude] = {*texts, *(cue.content for cue in srt.parse(captions))}

        visits = [threading.Thread(target=visit, args=(amplitude,)) for amplitude in (0.25, 0.75)]
        for visit in visits:
            visit.start()
        for visit in visits:
            visit.join(60)
    assert found == {0.25: {"first hears 0.25"}, 0.75: {"first hears 0.75"}}


def test_captions_of_another_visitor_are_not_to_be_had(own_folder, client, wav):
    with served(StandIn()) as address:
        client(address).predict(wav(), api_name="/transcribe")
        with pytest.raises(AppError, match="There are no captions yet; transcribe a file first."):
            client(address).predict("speech", api_name="/captions")


def test_another_model_brings_its_heads_and_languages(own_folder, client, wav):
    other = StandIn("second", heads=("few", "many"), languages=(("Detect", "detect"), ("German", "de")))
    with served(StandIn(), other) as address:
        visitor = client(address)
        assert visitor.predict(wav(), api_name="/transcribe")[0] == "first hears 0.50"
        head, language = visitor.predict("second", api_name="/choose_model")
        assert (head["value"], language["value"]) == ("few", "detect")
        asked = {"model": "second", "head": "many", "language": "de"}
        assert visitor.predict(wav(), **asked, api_name="/transcribe")[0] == "second hears 0.50"
    assert other.calls == [("many", "de")]


def test_what_is_wrong_is_a_sentence(own_folder, client, wav, tmp_path, monkeypatch, caplog):
    model = StandIn()
    monkeypatch.setattr(sentences, "UNEXPECTED", "Something went wrong.")
    (tmp_path / "notes.mp3").write_text("no sound")
    with served(model, limits=Limits(max_mb=1, max_minutes=0.1)) as address:
        visitor = client(address)
        with pytest.raises(AppError, match=r"^&#x27;long.wav&#x27; is longer than 0.1 minutes; send a part of it.$"):
            visitor.predict(wav("long.wav", seconds=7), api_name="/transcribe")
        with pytest.raises(AppError, match=r"^No sound in &#x27;notes.mp3&#x27;"):
            visitor.predict(handle_file(str(tmp_path / "notes.mp3")), api_name="/transcribe")
        with pytest.raises(AppError, match="There is no sound yet"):
            visitor.predict(None, api_name="/transcribe")
        with pytest.raises(ValueError, match="maximum size|exceeds"):  # gradio's own, before it takes the file
            visitor.predict(wav("large.wav", seconds=40), api_name="/transcribe")
        model.before = lambda: 1 / 0
        with pytest.raises(AppError, match=r"^Something went wrong.$"):
            visitor.predict(wav(), api_name="/transcribe")
    assert "ZeroDivisionError" in caplog.text and not model.is_busy


def test_nothing_is_left_when_the_page_is_gone(own_folder, client, wav):
    with served(StandIn()) as address:
        visitor = client(address)
        visitor.predict(wav(), api_name="/transcribe")
        visitor.predict("sdh", api_name="/captions")
        kept = [path.name for path in own_folder.rglob("*") if path.is_file()]
        assert {"tone.wav", "tone.srt", "tone.json"} <= set(kept)
    left = [path.name for path in own_folder.rglob("*") if path.is_file()]
    assert left in ([], ["sample.flac"])  # the sample is no visitor's


def test_files_of_the_server_are_not_served(own_folder):
    with served(StandIn()) as address:
        for path in (Path(__file__), Path("/etc/passwd"), Path(address)):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{address}gradio_api/file={path}", timeout=10)
            assert caught.value.code in (400, 403, 404)


def test_fonts_are_those_of_the_system():
    fonts = theme()._stylesheets + theme()._font_css
    assert fonts == []


def test_a_host_or_port_that_is_not_to_be_had(own_folder):
    from whisper_at_hf.demo import build_demo
    from whisper_at_hf.demo.models import DemoModels

    with served(StandIn()) as address:
        demo = build_demo(DemoModels([StandIn()]))
        port = int(address.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port} .*name another --host or --port"):
            launch(demo, port=port, wait=False)
        with pytest.raises(InputError, match=r"cannot listen on 192.0.2.1 \("):
            launch(demo, host="192.0.2.1", wait=False)
