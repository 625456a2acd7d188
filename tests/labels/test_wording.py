import csv
import json
import re
from importlib.resources import files

import pytest

from whisper_at_hf import labels
from whisper_at_hf.conversion.default_model import default_head_path
from whisper_at_hf.errors import InputError
from whisper_at_hf.labels import audioset_labels
from whisper_at_hf.labels.ontology import labels_below
from whisper_at_hf.labels.wording import caption_words, label_kind, read_wording

# With a bracket on each side they fill a line of 32 columns, the narrowest of the usual formats (CEA-608,
# https://www.ecfr.gov/current/title-47/section-79.101).
LONGEST = 30
PROPER_NAMES = {"Afrobeat", "African", "Asian", "Bollywood", "Carnatic", "Christian", "Christmas", "French", "Hammond"}
PROPER_NAMES |= {"Latin", "American", "Middle", "Eastern"}


def test_every_label_has_one_row_in_the_order_of_the_labels():
    text = (files(labels) / "caption_words.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["label"] for row in rows] == audioset_labels()
    assert {row["kind"] for row in rows} == {"speech", "sound", "music"}
    assert list(caption_words()) == audioset_labels()


def test_words_are_short_lower_case_and_plain():
    for words in caption_words().values():
        assert len(words) <= LONGEST and words == " ".join(words.split()), words
        assert all(word.islower() or word in PROPER_NAMES for word in words.split()), words
        assert re.fullmatch(r"[A-Za-z' -]*", words), words


def test_only_what_tells_a_viewer_nothing_has_no_words():
    words = caption_words()
    silent = {label for label in audioset_labels() if not words[label]}
    assert silent >= {label for label in audioset_labels() if label_kind(label) == "speech"}
    assert silent - labels_below("Speech") == {
        *labels_below("Acoustic environment") & set(audioset_labels()) - {"Echo"},
        *("Hands", "Effects unit", "Chorus effect", "Silence", "Harmonic", "Sound effect"),
        *("Noise", "Sidetone", "Field recording"),
    }


def test_the_embedded_head_speaks_in_captions():
    labels = json.loads((default_head_path() / "config.json").read_text())["id2label"].values()
    words = caption_words()
    assert len(labels) == 96 and {label for label in labels if not words[label]} == {"Speech"}
    assert words["Dog"] == "dog barking" and words["Glockenspiel"] == "glockenspiel playing"


def test_music_is_what_the_ontology_says_but_bells():
    music = (labels_below("Music") | labels_below("Singing")) - labels_below("Bell")
    assert {label for label in audioset_labels() if label_kind(label) == "music"} == music & set(audioset_labels())
    assert label_kind("Conversation") == "speech"
    assert label_kind("Church bell") == label_kind("my drill") == "sound"


def test_labels_of_users_go_by_their_names():
    assert caption_words()["My  Drill\n2"] == "my drill 2"
    assert "My drill" not in caption_words()


def test_overrides_replace_words_and_may_be_empty():
    words = caption_words({"Dog": " Hund bellt ", "Rain": "", "My drill": "drilling"})
    assert (words["Dog"], words["Rain"], words["My drill"]) == ("Hund bellt", "", "drilling")
    assert words["Cat"] == "cat meowing"
    assert caption_words()["Dog"] == "dog barking"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"Dog": "dog\nbarking"}, "overrides: the words of 'Dog' hold a line break or control character"),
        ({"Dog": "dog\u2028barking"}, "line break or control character"),
        ({"Dog": "dog\x07"}, "line break or control character"),
        ({"Dog": "\ud800"}, "line break or control character"),
        ({"Dog": None}, "the words of 'Dog' are None; give text"),
        ({"": "dog"}, "'' is no label"),
        ({1: "dog"}, "1 is no label"),
        (["Dog"], "are no words by label"),
    ],
)
def test_bad_overrides(overrides, message):
    with pytest.raises(InputError, match=message):
        caption_words(overrides)


def test_joiners_of_other_scripts_are_no_control_characters():
    assert caption_words({"Dog": "سگ\u200cها"})["Dog"] == "سگ\u200cها"


@pytest.mark.parametrize(
    "text",
    [
        'label,words\nDog,Hund bellt\n"Waves, surf",Brandung\nRain,\n',
        '\ufefflabel,kind,words\r\nDog,sound, Hund bellt \r\n\r\n"Waves, surf",sound,Brandung\r\nRain,sound,\r\n',
        ' {"Dog": "Hund bellt", "Waves, surf": "Brandung", "Rain": ""}',
    ],
)
def test_words_of_a_file(tmp_path, text):
    (tmp_path / "words.csv").write_bytes(text.encode())
    assert read_wording(tmp_path / "words.csv") == {"Dog": "Hund bellt", "Waves, surf": "Brandung", "Rain": ""}


def test_our_own_file_is_a_pattern_for_others():
    assert read_wording(files(labels) / "caption_words.csv") == caption_words()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "words.csv' has no columns 'label' and 'words'"),
        (b"name,words\nDog,woof\n", "has no columns 'label' and 'words'"),
        (b"label,words\nDog,woof\nWaves, surf,waves\n", "line 3: 3 cells under a header of 2"),
        (b'label,words\nDog,"woof\nwoof"\n', "the words of 'Dog' hold a line break"),
        (b"label,words\n,woof\n", "'' is no label"),
        ("label,words\nDog,wäff\n".encode("latin-1"), "not in UTF-8"),
        (b'["Dog"]', "has no columns"),
        (b'{"Dog": "woof"', "is no JSON object"),
        (b'{"Dog": ["woof"]}', "the words of 'Dog' are"),
        (b'{"Dog": ' + b"1" * 5000 + b"}", "is no JSON object"),
        (b'{"Dog": ' + b"[" * 100_000, "is no JSON object"),
        (b"label,words\n" + b"x" * 200_000 + b",woof\n", "is no CSV file"),
    ],
)
def test_files_of_something_else(tmp_path, content, message):
    (tmp_path / "words.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_wording(tmp_path / "words.csv")


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match="cannot be read"):
            read_wording(path)


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 100_000])
def test_json_that_python_refuses(tmp_path, value):
    (tmp_path / "words.json").write_text(f'{{"Dog": {value}}}')
    with pytest.raises(InputError, match="is no JSON object"):
        read_wording(tmp_path / "words.json")
