"""The options of captions: what they ask of the pipeline, and what files become of them."""

import io
import re
import sys

import pytest
from typer.testing import CliRunner

from whisper_at_hf import InputError
from whisper_at_hf.cli import app as command
from whisper_at_hf.cli import captions as caption_options
from whisper_at_hf.cli.captions import CaptionOptions
from whisper_at_hf.cli.output import ResultWriter

RESULT = {
    "text": " Wer ist da?",
    "language": "de",
    "chunks": [{"text": " Wer ist da?", "timestamp": (1.0, 2.5)}],
    "audio_events": [
        {"label": "Dog", "timestamp": (4.0, 5.2), "score": 0.9},
        {"label": "Silence", "timestamp": (8.0, 9.2), "score": 0.9},
    ],
}


@pytest.fixture
def asked(monkeypatch):
    """Runs a command up to the pipeline; gives the parameters and options that it would get, or the error."""

    def asked(*arguments):
        calls = []
        monkeypatch.setattr(
            sys.modules["whisper_at_hf.cli.app"],  # the package has an attribute of that name too
            "recognise",
            lambda files, parameters, **options: calls.append((parameters, options)),
        )
        result = CliRunner().invoke(command, list(map(str, arguments)))
        return calls[0] if calls else result.output

    return asked


@pytest.fixture
def german(monkeypatch):
    """As if the package with the names were installed, and had German and no other language."""
    names = {"Dog": "Hund", "Silence": "Stille"}
    monkeypatch.setattr(caption_options, "translated_names", lambda language: names if language == "de" else None)


@pytest.mark.parametrize(
    ("arguments", "timestamps", "events"),
    [
        (["--format", "srt"], True, None),
        (["--format", "vtt", "--timestamps", "word"], "word", None),
        (["--format", "ass", "--highlight-words"], "word", None),
        (["--format", "tsv", "--captions", "sdh"], True, True),
        (["--format", "audacity"], True, True),
        (["--output", "film.srt", "--captions", "sdh", "--timestamps", "word"], "word", True),
        (["--format", "json"], None, None),
        ([], None, None),
    ],
)
def test_formats_ask_for_what_they_need(asked, arguments, timestamps, events):
    parameters, _ = asked("transcribe", "a.wav", *arguments)
    assert parameters.get("return_timestamps") == timestamps and parameters.get("return_events") == events


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["--output", "film.srt"], "srt"),
        (["--output", "film.json"], "json"),
        (["--output", "film.txt"], "txt"),
        (["--output", "folder"], "txt"),
        (["--output", "film.txt", "--format", "audacity"], "audacity"),
        ([], "txt"),
    ],
)
def test_the_name_of_the_output_chooses_the_format(asked, arguments, chosen):
    _, options = asked("transcribe", "a.wav", *arguments)
    assert options["output"].output_format == chosen


def test_tags_as_labels_for_audacity(asked):
    parameters, options = asked("tag", "a.wav", "--format", "audacity")
    assert parameters == {"return_text": False, "return_events": True}
    assert options["output"].output_format == "audacity"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["transcribe", "a.wav", "--captions", "sdh"], "--captions sdh changes nothing in txt"),
        (["transcribe", "a.wav", "--format", "tsv", "--highlight-words"], "--highlight-words cannot be shown in tsv"),
        (["transcribe", "a.wav", "--format", "srt", "--wording", "w.csv"], "--wording is for the sounds in captions"),
        (["transcribe", "a.wav", "--format", "srt", "--label-language", "de"], "--label-language is for the sounds"),
        (["transcribe", "a.wav", "--format", "audacity", "--no-tags"], "--no-tags leaves no sounds"),
        (["tag", "a.wav", "--output", "film.srt"], "film.srt.*without text there is txt, json, audacity"),
        (["transcribe", "a.wav", "--format", "srt", "--captions", "sdh", "--wording", "no/file.csv"], "no/file.csv"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, message):
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2 and isinstance(result.exception, SystemExit)
    error = result.exception.__context__
    assert isinstance(error, InputError) and re.search(message, str(error))


def test_words_that_no_caption_has_room_for_are_refused_before_the_model_runs(asked, tmp_path):
    file = tmp_path / "words.csv"
    file.write_text("label,words\nDog,woof\nRain," + "rain " * 100 + "\n")
    said = " ".join(asked("transcribe", "a.wav", "--format", "srt", "--captions", "sdh", "--wording", file).split())
    assert "of --wording: the words of 'Rain' do not fit into 2 lines of 42 characters; give shorter" in said
    assert "rain rain" not in said


def test_names_of_sounds_need_the_package_that_has_them(monkeypatch):
    monkeypatch.setattr(caption_options, "translated_names", lambda language: None)
    for language, named in (("de", "in 'de'"), ("auto", "in other languages")):
        with pytest.raises(InputError, match=f"{named}.*pip install --no-deps whisper-at==0.5"):
            CaptionOptions("sdh", label_language=language).check("srt")
    CaptionOptions("sdh", label_language="en").check("srt")


def sounds(result, **options):
    text = CaptionOptions("sdh", **options).format(result, "tsv")
    return [line.split("\t")[2] for line in text.splitlines() if "[" in line]


def test_sounds_in_the_language_that_was_chosen(german):
    assert sounds(RESULT) == ["[dog barking]"]
    assert sounds(RESULT, label_language="de") == ["[Hund]"]
    assert sounds(RESULT, label_language="auto") == ["[Hund]"]
    assert sounds({**RESULT, "language": "en"}, label_language="auto") == ["[dog barking]"]
    assert sounds({**RESULT, "language": None}, label_language="auto") == ["[dog barking]"]
    with pytest.raises(InputError, match="in 'ht'"):
        sounds({**RESULT, "language": "ht"}, label_language="auto")


def test_a_translation_is_captioned_in_the_language_of_its_text(asked, german):
    _, options = asked(
        *["transcribe", "a.wav", "--format", "srt", "--captions", "sdh"],
        *["--task", "translate", "--label-language", "auto"],
    )
    assert "[dog barking]" in options["output"].captions.format(RESULT, "srt")


def test_own_words_come_first(german, tmp_path):
    (tmp_path / "words.csv").write_text("label,words\nDog,Hofhund bellt\n", encoding="utf-8")
    assert sounds(RESULT, label_language="de", wording=tmp_path / "words.csv") == ["[Hofhund bellt]"]


def test_files_of_captions(tmp_path):
    ResultWriter(tmp_path, "srt", ["a.wav"], io.StringIO()).write("a.wav", RESULT)
    ResultWriter(tmp_path / "b.txt", "audacity", ["b.wav"], io.StringIO()).write("b.wav", RESULT)
    ResultWriter(tmp_path, "audacity", ["c.wav"], io.StringIO()).write("c.wav", RESULT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav.srt", "b.txt", "c.wav.txt"]
    assert "00:00:01,000 --> 00:00:02,500\nWer ist da?" in (tmp_path / "a.wav.srt").read_text()
    assert (tmp_path / "b.txt").read_text().splitlines()[0] == "1.000000\t2.500000\tWer ist da?"


def test_captions_of_many_files_do_not_run_together_on_the_screen():
    with pytest.raises(InputError, match="srt is a file for each of the inputs; name a folder with --output"):
        ResultWriter(None, "srt", ["a.wav", "b.wav"], io.StringIO())
    stream = io.StringIO()
    writer = ResultWriter(None, "srt", ["a.wav"], stream)
    writer.write("a.wav", RESULT)
    assert stream.getvalue().startswith("1\n00:00:01,000") and not writer.takes_windows


def test_a_name_of_another_caption_format_is_refused(tmp_path):
    with pytest.raises(InputError, match="film.srt.*add --format srt"):
        ResultWriter(tmp_path / "film.srt", "vtt", ["a.wav"], io.StringIO())
