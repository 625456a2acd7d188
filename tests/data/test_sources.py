import huggingface_hub
import pytest
from datasets import Dataset, DatasetDict

from whisper_at_hf.data import load_data, warn_missing
from whisper_at_hf.errors import InputError

SEGMENTS = """# Segments csv created Sun Mar  5 10:54:25 2017
# num_ytids=1, num_segs=1
# YTID, start_seconds, end_seconds, positive_labels
one, 0.000, 10.000, "/m/09x0r"
"""


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def labels(*arguments, **options):
    return load_data(*arguments, **options)["labels"][:]


def test_csv_file_and_folder_with_labels_csv(make_files, write):
    folder = make_files("clips/a.wav", "dog/b.wav")
    assert labels(write("labels.csv", "path,label\nclips/a.wav,cat\n")) == [["cat"]]
    assert labels(str(folder)) == [["cat"]]  # the list wins over the folders
    path = write("labels.csv", "path,kind\na.wav,cat\n")
    assert labels(path, clips=folder / "clips", label_column="kind") == [["cat"]]


def test_audioset(make_files, write):
    folder = make_files("clips/one.wav")
    path = write("eval_segments.csv", SEGMENTS)
    assert labels(path, clips=folder / "clips") == [["Speech"]]
    with pytest.raises(InputError, match="lists segments of AudioSet: pass the folder of their clips"):
        load_data(path)
    with pytest.raises(InputError, match="label_column 'x' does not apply"):
        load_data(path, clips=folder / "clips", label_column="x")


def test_esc50(make_files, write):
    folder = make_files("audio/a.wav", "audio/b.wav")
    write("meta/esc50.csv", "filename,fold,category,esc10\na.wav,1,dog,True\nb.wav,2,cat,False\n")
    assert labels(folder) == [["dog"], ["cat"]]
    assert labels(folder, split="esc10") == [["dog"]]
    with pytest.raises(InputError, match="no split 'train'"):
        load_data(folder, split="train")


def test_folders_of_classes_and_splits(make_files):
    folder = make_files("train/dog/a.wav", "test/cat/b.wav")
    assert labels(folder / "train") == [["dog"]]
    assert labels(folder, split="test") == [["cat"]]
    with pytest.raises(InputError, match="split 'dev' does not apply"):
        load_data(folder, split="dev")


def test_datasets_saved_and_in_memory(make_files):
    folder = make_files("a.wav")
    dataset = Dataset.from_dict({"path": [str(folder / "a.wav")], "sound": ["dog"]})
    DatasetDict(train=dataset, test=dataset).save_to_disk(folder / "saved")
    assert labels(dataset, label_column="sound") == [["dog"]]
    assert labels(folder / "saved", split="test", label_column="sound") == [["dog"]]


def test_missing_clips_are_the_callers_choice(make_files, write):
    make_files("a.wav")
    path = write("train.csv", "path,label\na.wav,dog\nb.wav,dog\n")
    with pytest.raises(InputError, match="1 clip not found"):
        load_data(path)
    with pytest.warns(UserWarning, match="1 clip not found"):
        assert labels(path, on_missing=warn_missing) == [["dog"]]


def test_nothing_to_load(make_files, write, monkeypatch):
    folder = make_files("sound.wav")
    for missing in ("train.csv", "./folder", "/no/such/folder", "a/b/c"):
        with pytest.raises(InputError, match=f"'{missing}' does not exist: pass"):
            load_data(missing)
    with pytest.raises(InputError, match="sound.wav' is no data to train on"):
        load_data(folder / "sound.wav")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="'nobody/nothing' could not be loaded as a dataset"):
        load_data("nobody/nothing", split="train")
    with pytest.raises(InputError, match="clips 'x' does not apply"):
        load_data("nobody/nothing", clips="x")
    with pytest.raises(InputError, match="is empty"):
        load_data(write("empty.csv", ""))


@pytest.mark.data
def test_real_folders(data_folder):
    esc10 = load_data(data_folder / "esc10")
    assert len(esc10) == 400 and sorted(set(esc10["fold"])) == list("12345")
    emotion = load_data(data_folder / "emotion", label_column="emotion", fold_column="actor")
    assert len(emotion) == 720 and len({label for (label,) in emotion["labels"]}) == 8
    assert len(set(emotion["fold"])) == 12
