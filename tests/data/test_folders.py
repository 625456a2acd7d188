import pytest

from whisper_at_hf.data import load_folder
from whisper_at_hf.errors import InputError


def test_a_folder_a_class(make_files):
    folder = make_files("dog/b.WAV", "dog/deep/a.mp3", "cat/c.flac", "cat/notes.txt", "cat/.hidden.wav", ".git/x.wav")
    folder = make_files("README.md")
    assert load_folder(folder)[:] == {
        "path": [str(folder / name) for name in ("cat/c.flac", "dog/b.WAV", "dog/deep/a.mp3")],
        "labels": [["cat"], ["dog"], ["dog"]],
    }


@pytest.mark.parametrize(
    "files, message",
    [
        (["README.md"], "no folder per class"),
        (["dog/a.wav", "cat/b.txt"], "No audio files in these folders of .*: 'cat'"),
        (["dog/a.wav", "b.wav", "c.wav"], r"2 audio files in .* outside of class folders \('b.wav', 'c.wav'\)"),
        (["train/dog/a.wav", "test/dog/b.wav"], r"holds splits \(test, train\), not classes"),
    ],
)
def test_bad_folders(make_files, files, message):
    with pytest.raises(InputError, match=message):
        load_folder(make_files(*files))


def test_no_such_folder(tmp_path):
    with pytest.raises(InputError, match="none' cannot be read"):
        load_folder(tmp_path / "none")


@pytest.mark.data
def test_real_esc10_folders_equal_its_list(data_folder, esc10):
    folder = data_folder / "esc10"
    dataset = load_folder(folder)
    assert dict(zip(dataset["path"], dataset["labels"], strict=True)) == {
        str(row["file"].resolve()): [row["label"]] for row in esc10
    }
