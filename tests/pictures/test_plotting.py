"""`plot`: files of all kinds, and what it refuses."""

import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import whisper_at_hf
from whisper_at_hf import InputError, plot
from whisper_at_hf.pictures import timeline_page


def test_png(result, sound, tmp_path):
    path = plot(result, tmp_path / "picture.png", sound, title="A title")
    assert path == tmp_path / "picture.png"
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG" and image.size[0] == 1200
        assert len(np.unique(np.asarray(image.convert("L")))) > 50
    assert [file.name for file in tmp_path.iterdir()] == ["picture.png"]


def test_svg(result, tmp_path):
    path = plot(result, str(tmp_path / "picture.SVG"))
    assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_html(result, sound, tmp_path):
    path = plot(result, tmp_path / "page.html", sound, title="A title", max_labels=2)
    assert path.read_text(encoding="utf-8") == timeline_page(result, sound, "A title", max_labels=2)


def test_without_a_path_it_is_a_figure(result):
    assert isinstance(plot(result), Figure)
    assert "plot" in whisper_at_hf.__all__


def test_wrong_arguments(result, tmp_path):
    for name in ("picture.jpg", "picture"):
        with pytest.raises(InputError, match=f"{name}' does not end as a picture"):
            plot(result, tmp_path / name)
    with pytest.raises(InputError, match="kind='mel' is not known; choose 'log-mel' or 'waveform'"):
        plot(result, kind="mel")
    with pytest.raises(InputError, match="does not exist"):
        plot(result, audio=tmp_path / "missing.wav")
    for name in ("picture.png", "page.html"):
        with pytest.raises(InputError, match="cannot be written"):
            plot(result, tmp_path / "missing" / name)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("path", [5, b"a.png", "a\0.png", "\ud800.html"])
def test_paths_that_no_file_has(result, path):
    with pytest.raises(InputError, match="path=.* is no name of a file"):
        plot(result, path)


def test_titles_of_wrong_types(result, tmp_path):
    for path in (tmp_path / "a.html", tmp_path / "a.png"):
        with pytest.raises(InputError, match="The title is a int"):
            plot(result, path, title=5)


def test_texts_that_no_font_has_are_drawn(result, tmp_path, recwarn):
    result["chunks"][0]["text"] = result["audio_events"][0]["label"] = "a\ud800\nb"
    assert plot(result, tmp_path / "a.png", title="one\ntwo\ud800").is_file()
    assert not recwarn.list


def test_without_matplotlib_pages_are_written(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r'pip install "whisper-at-hf\[plot\]"'):
        plot(result)
    assert plot(result, tmp_path / "page.html").is_file()
