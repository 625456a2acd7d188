"""Transcribed speech from CSV files and from LibriSpeech's folders."""

import pytest
import soundfile
from noisy_speech import NAMES, WORDS, write_speech
from sounds import RATE, sine

from whisper_at_hf.analysis.robustness.speech_data import Utterance, load_speech
from whisper_at_hf.errors import InputError


@pytest.fixture
def librispeech(tmp_path):
    """Two speakers, one chapter each, as the archive holds them."""
    for speaker, chapter, count in (("84", "12", 2), ("9", "3", 1)):
        folder = tmp_path / "LibriSpeech" / "test-clean" / speaker / chapter
        folder.mkdir(parents=True)
        lines = []
        for index in range(count):
            name = f"{speaker}-{chapter}-{index:04d}"
            soundfile.write(folder / f"{name}.flac", sine(0.1), RATE)
            lines.append(f"{name} HELLO {name}")
        (folder / f"{speaker}-{chapter}.trans.txt").write_text("\n".join(lines) + "\n")
    return tmp_path / "LibriSpeech"


def test_a_csv_or_its_folder(tmp_path):
    folder = write_speech(tmp_path / "speech", utterances=2)
    expected = [Utterance(f"u{i}", str(folder / f"u{i}.wav"), f"{WORDS} {NAMES[i]}", f"s{i}") for i in range(2)]
    assert load_speech(folder) == load_speech(folder / "labels.csv") == expected


def test_a_csv_without_speakers_and_with_another_name_for_the_transcript(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text('filename,text\na.wav,"yes, sir"\n')
    assert load_speech(path) == [Utterance("a", str(tmp_path / "a.wav"), "yes, sir")]


def test_folders_of_librispeech(librispeech):
    utterances = load_speech(librispeech)
    assert [one.name for one in utterances] == [
        "test-clean/84/12/84-12-0000",
        "test-clean/84/12/84-12-0001",
        "test-clean/9/3/9-3-0000",
    ]
    assert [one.speaker for one in utterances] == ["84", "84", "9"]
    assert utterances[1].transcript == "HELLO 84-12-0001"
    assert soundfile.info(utterances[2].path).frames == 0.1 * RATE


def test_recordings_that_are_not_there_are_named(librispeech):
    (librispeech / "test-clean/84/12/84-12-0001.flac").unlink()
    with pytest.raises(InputError, match="1 recordings have a transcript but no file .*84-12-0001"):
        load_speech(librispeech)


def test_a_line_without_transcript(librispeech):
    (librispeech / "test-clean/9/3/9-3.trans.txt").write_text("9-3-0000\n")
    with pytest.raises(InputError, match="9-3.trans.txt': 9-3-0000 has no transcript"):
        load_speech(librispeech)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("path,label\na.wav,x\n", "no column 'transcript', only path, label"),
        ("transcript\nhello\n", "no column 'path'"),
        ("path,transcript\na.wav,\n", "line 2: the transcript is empty"),
        ("path,transcript\n,hello\n", "line 2: the path is empty"),
        ("path,transcript\n", "holds no transcribed speech"),
        ("path,transcript\na.wav,yes\nb.wav,no\na.wav,yes\n", "a.wav' more than once"),
    ],
)
def test_unusable_csv_files(tmp_path, content, said):
    path = tmp_path / "speech.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        load_speech(path)


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="holds no transcribed speech"):
        load_speech(tmp_path)
    with pytest.raises(InputError, match="nowhere' does not exist"):
        load_speech(tmp_path / "nowhere")
