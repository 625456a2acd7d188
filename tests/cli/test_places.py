"""Each file's result has a place of its own, side by side where names allow it."""

import os
from pathlib import PurePath

import pytest

from whisper_at_hf.cli.places import places


def found(*sources):
    return [place.as_posix() for place in places(sources).values()]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["in/a.wav", "in/b.wav"], ["a.wav", "b.wav"]),
        (["in/a.wav", "in/deep/b.wav", "/other/c.wav"], ["a.wav", "b.wav", "c.wav"]),
        (["in/x/a.wav", "in/y/a.wav"], ["x/a.wav", "y/a.wav"]),
        (["in/x/a.wav", "in/y/z/a.wav", "in/b.wav"], ["x/a.wav", "y/z/a.wav", "b.wav"]),
        (["in/a.wav", "in/a.wav/a.wav"], ["a.wav", "a.wav/a.wav"]),
        (["in/x/a.wav", "in/y/A.wav"], ["x/a.wav", "y/A.wav"]),
        (["in/ab/a.wav", "in/ac/a.wav"], ["ab/a.wav", "ac/a.wav"]),
        (["in/x/../a.wav", "in/x/a.wav"], ["a.wav", "x/a.wav"]),
        (["https://host/x/a.mp3", "https://host/y/a.mp3"], ["x/a.mp3", "y/a.mp3"]),
        (["https://host/../../a.mp3", "https://other/a.mp3"], ["a.mp3", "other/a.mp3"]),
        (["https://host/"], ["host"]),
        (["/"], ["audio"]),
    ],
)
def test_places(sources, expected):
    assert found(*sources) == expected


def test_one_file_given_twice_has_one_place():
    assert places(["in/a.wav", "./in/a.wav"]) == {"in/a.wav": PurePath("a.wav"), "./in/a.wav": PurePath("a.wav")}


def test_local_files_beside_a_url():
    local, url = found("a.mp3", "https://host/x/a.mp3")
    assert local == os.path.abspath("a.mp3")[1:] and url == "host/x/a.mp3"
