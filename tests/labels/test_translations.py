import json
import sys

import pytest

from whisper_at_hf.errors import InputError
from whisper_at_hf.labels.translations import translated_names

NAMES = {"en": ["Speech", "Dog"], "de": ["Rede", "Hund"], "zh": ["说话", "狗"]}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A `whisper-at` in the layout of 0.5's wheel, whose code must not run; the file of its names."""
    (tmp_path / "whisper_at" / "assets").mkdir(parents=True)
    (tmp_path / "whisper_at" / "__init__.py").write_text("raise ImportError('needs triton')")
    (tmp_path / "whisper_at-0.5.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: whisper-at\nVersion: 0.5\n"
    (tmp_path / "whisper_at-0.5.dist-info" / "METADATA").write_text(metadata)
    names = tmp_path / "whisper_at" / "assets" / "label_name_dict.json"
    names.write_text(json.dumps(NAMES), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return names


@pytest.mark.parametrize("language", ["de", "German", "GERMAN"])
def test_names_by_code_or_name_of_a_language(installed, language):
    assert translated_names(language) == {"Speech": "Rede", "Dog": "Hund"}
    assert translated_names("chinese")["Dog"] == "狗"
    assert "whisper_at" not in sys.modules


@pytest.mark.parametrize("language", ["fr", "klingon", "", None])
def test_languages_it_does_not_have(installed, language):
    assert translated_names(language) is None


def test_callers_cannot_change_the_names(installed):
    translated_names("de").clear()
    assert translated_names("de")["Dog"] == "Hund"


def test_without_the_package_there_are_none(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert translated_names("de") is None


def test_versions_without_the_file_have_none(installed):
    installed.unlink()
    assert translated_names("de") is None


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"de": ["Hund"]}', '{"en": ["Dog", "Cat"], "de": ["Hund"]}', '{"en": 1}']
)
def test_damaged_files(installed, text):
    installed.write_text(text)
    with pytest.raises(InputError, match="label_name_dict.json' holds no names of labels.*whisper-at==0.5"):
        translated_names("de")
