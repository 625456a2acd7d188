import huggingface_hub
import numpy as np
import pytest
import soundfile
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Sequence, Value, load_from_disk
from datasets_made import with_audio
from sounds import RATE, assert_is_sine, sine

from whisper_at_hf.audio import load_audio
from whisper_at_hf.data import audio_source, load_hub
from whisper_at_hf.errors import InputError


@pytest.fixture(scope="module")
def wav(tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "tone.wav"
    soundfile.write(path, sine(1.0), RATE)
    return path


@pytest.fixture
def embedded(wav):
    """Three clips inside of the dataset, two of them by bytes."""
    audio = [{"path": "a.wav", "bytes": wav.read_bytes()}, {"path": str(wav), "bytes": None}]
    return with_audio([*audio, {"path": None, "bytes": wav.read_bytes()}], label=["dog", "cat", "dog"], x=[1, 2, 3])


def test_embedded_audio(embedded, wav):
    dataset = load_hub(embedded)
    assert dataset.column_names == ["audio", "labels"]
    assert dataset["labels"][:] == [["dog"], ["cat"], ["dog"]]
    assert audio_source(dataset[1]) == str(wav)
    for row in dataset:
        assert_is_sine(load_audio(audio_source(row)), 1.0)


def test_saved_to_disk(embedded, tmp_path):
    embedded.save_to_disk(tmp_path / "saved")
    dataset = load_hub(tmp_path / "saved")
    assert dataset["labels"][:] == [["dog"], ["cat"], ["dog"]]
    dataset.save_to_disk(tmp_path / "again")
    assert load_hub(tmp_path / "again")[:] == dataset[:] == load_from_disk(tmp_path / "again")[:]


def test_selected_rows_stay_with_their_audio(embedded, wav):
    dataset = load_hub(embedded.select([1, 0]))
    assert dataset["labels"][:] == [["cat"], ["dog"]]
    assert [row["path"] for row in dataset["audio"]] == [str(wav), "a.wav"]


NAMES = ClassLabel(names=["cat", "dog"])


@pytest.mark.parametrize(
    "feature, values, expected",
    [
        (NAMES, [1, 0, 1], [["dog"], ["cat"], ["dog"]]),
        (List(NAMES), [[1], [0, 1], [1, 1]], [["dog"], ["cat", "dog"], ["dog"]]),
        (Sequence(Value("string")), [["a;b"], ["c", "d"], ["c"]], [["a;b"], ["c", "d"], ["c"]]),
        (Value("string"), ["/m/09x0r", "b", "a, b"], [["Speech"], ["b"], ["a, b"]]),
        (Value("int64"), [10, 2, 10], [["10"], ["2"], ["10"]]),
    ],
)
def test_label_columns(wav, feature, values, expected):
    features = Features({"file": Value("string"), "category": feature})
    dataset = load_hub(Dataset.from_dict({"file": [str(wav)] * 3, "category": values}, features=features))
    assert dataset.column_names == ["path", "labels"]
    assert dataset["labels"][:] == expected


def test_folds_and_segments(wav):
    columns = {"path": [str(wav)] * 2, "label": ["a", "b"], "start": [0, 1], "end": [1.0, None], "actor": [3, 4]}
    dataset = load_hub(Dataset.from_dict(columns), fold_column="actor")
    assert dataset["fold"][:] == ["3", "4"]
    assert dataset["start"][:] == [0.0, 1.0] and dataset["end"][:] == [1.0, None]


def test_splits(embedded):
    both = DatasetDict(train=embedded, test=embedded.select([0]))
    assert len(load_hub(both, split="test")) == 1
    assert len(load_hub(DatasetDict(train=embedded))) == 3
    with pytest.raises(InputError, match="several splits: choose one of train, test"):
        load_hub(both)
    with pytest.raises(InputError, match="no split 'dev': choose one of train, test"):
        load_hub(both, split="dev")
    with pytest.raises(InputError, match="no splits to choose 'test' from"):
        load_hub(embedded, split="test")


def test_missing_audio(wav):
    audio = [{"path": str(wav), "bytes": None}, {"path": "/gone.wav", "bytes": None}, {"path": None, "bytes": None}]
    dataset, missing = with_audio([*audio, None], label=list("abcd")), []
    assert load_hub(dataset, on_missing=missing.extend)["labels"][:] == [["a"]]
    assert missing == ["/gone.wav", "row 2", "row 3"]
    with pytest.raises(InputError, match=r"3 clips not found \('/gone.wav', 'row 2', 'row 3'\)"):
        load_hub(dataset)
    paths, missing = Dataset.from_dict({"path": [str(wav), "/gone.wav", None], "label": list("abc")}), []
    assert load_hub(paths, on_missing=missing.extend)["labels"][:] == [["a"]]
    assert len(missing) == 2


def test_columns_that_are_not_there(embedded):
    with pytest.raises(InputError, match="no column that looks like labels: set label_column to one of audio, x"):
        load_hub(embedded.remove_columns("label"))
    with pytest.raises(InputError, match="no column that looks like audio: set audio_column to one of label, x"):
        load_hub(embedded.remove_columns("audio"))
    with pytest.raises(InputError, match="no column 'y': set label_column to one of audio, label, x"):
        load_hub(embedded, label_column="y")
    with pytest.raises(InputError, match="'x' of The dataset holds neither audio nor paths"):
        load_hub(embedded, audio_column="x")
    with pytest.raises(InputError, match="'audio' of The dataset holds no labels"):
        load_hub(embedded, label_column="audio")


@pytest.mark.parametrize(
    "feature, values", [(Value("string"), ["a", None]), (NAMES, [0, -1]), (List(Value("string")), [["a"], []])]
)
def test_rows_without_labels(wav, feature, values):
    features = Features({"path": Value("string"), "label": feature})
    with pytest.raises(InputError, match="row 1 has no label in column 'label'"):
        load_hub(Dataset.from_dict({"path": [str(wav)] * 2, "label": values}, features=features))


def test_what_cannot_be_loaded(monkeypatch, embedded):
    with pytest.raises(InputError, match="is a IterableDataset"):
        load_hub(embedded.to_iterable_dataset())
    with pytest.raises(InputError, match="is a ndarray"):
        load_hub(np.zeros(3))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="'nobody/nothing' could not be loaded as a dataset"):
        load_hub("nobody/nothing")
