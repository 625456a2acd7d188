import pytest

from whisper_at_hf.audio import load_audio
from whisper_at_hf.data import audio_source, infer_problem_type, load_csv, targets, warn_missing
from whisper_at_hf.errors import InputError


@pytest.fixture
def csv_file(make_files):
    """Writes a CSV file beside the clips a.wav and b.wav."""
    folder = make_files("a.wav", "b.wav")

    def write(text, encoding="utf-8"):
        (folder / "train.csv").write_bytes(text.encode(encoding))
        return folder / "train.csv"

    return write


def test_one_label_a_clip(csv_file):
    path = csv_file("path,label\na.wav,dog\nb.wav,cat\n")
    clips = [str(path.parent / name) for name in ("a.wav", "b.wav")]
    assert load_csv(path)[:] == {"path": clips, "labels": [["dog"], ["cat"]]}


def test_several_labels_with_commas_and_repetitions(csv_file):
    dataset = load_csv(csv_file('path,labels\na.wav,"Waves, surf; Wind ;Waves, surf;"\nb.wav,Wind\n'))
    assert dataset["labels"][:] == [["Waves, surf", "Wind"], ["Wind"]]


def test_audioset_ids_become_names(csv_file):
    assert load_csv(csv_file("path,label\na.wav,/m/09x0r;dog\n"))["labels"][0] == ["Speech", "dog"]


def test_folds_and_segments(csv_file):
    rows = "a.wav,dog,1,0.5,2,x\na.wav,cat,2,,,y\nb.wav,cat,2,3,,\n"
    dataset = load_csv(csv_file(f"path,label,fold,start,end,extra\n{rows}"))
    assert dataset.column_names == ["path", "labels", "fold", "start", "end"]
    assert dataset["fold"][:] == ["1", "2", "2"]
    assert dataset["start"][:] == [0.5, None, 3.0]
    assert dataset["end"][:] == [2.0, None, None]


def test_excel_file(csv_file):
    dataset = load_csv(csv_file("filename,category\r\na.wav,Bär\r\n\r\n", encoding="utf-8-sig"))
    assert dataset["labels"][:] == [["Bär"]]


def test_chosen_columns(csv_file):
    path = csv_file("file,path,emotion,label,actor\na.wav,x,happy,1,7\n")
    dataset = load_csv(path, audio_column="file", label_column="emotion", fold_column="actor")
    assert dataset[0] == {"path": str(path.parent / "a.wav"), "labels": ["happy"], "fold": "7"}


def test_root_and_absolute_paths(csv_file, tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "c.wav").touch()
    dataset = load_csv(csv_file(f"path,label\nc.wav,dog\n{tmp_path / 'a.wav'},dog\n"), root=tmp_path / "clips")
    assert dataset["path"][:] == [str(tmp_path / "clips" / "c.wav"), str(tmp_path / "a.wav")]


def test_paths_are_absolute_from_a_relative_csv(csv_file, monkeypatch):
    path = csv_file("path,label\na.wav,dog\n")
    monkeypatch.chdir(path.parent)
    assert load_csv("train.csv")["path"][:] == [str(path.parent / "a.wav")]


MISSING = "path,label\na.wav,dog\nc.wav,dog\nd.wav,cat\n"


def test_missing_clips_stop(csv_file):
    with pytest.raises(InputError, match=r"2 clips not found \('.*c\.wav', '.*d\.wav'\)"):
        load_csv(csv_file(MISSING))


def test_missing_clips_are_listed(csv_file):
    missing = []
    path = csv_file(MISSING)
    assert len(load_csv(path, on_missing=missing.extend)) == 1
    assert missing == [str(path.parent / "c.wav"), str(path.parent / "d.wav")]
    with pytest.warns(UserWarning, match="2 clips not found and left out: .*c.wav"):
        load_csv(path, on_missing=warn_missing)


def test_the_first_of_many_missing_clips_are_named(csv_file):
    rows = "".join(f"gone{number}.wav,dog\n" for number in range(100))
    with pytest.raises(InputError, match=r"100 clips not found \(.*gone4\.wav', \.\.\.\)"):
        load_csv(csv_file(f"path,label\na.wav,dog\n{rows}"))


def test_no_clip_is_found(csv_file):
    with pytest.raises(InputError, match="None of its 1 clip was found"):
        load_csv(csv_file("path,label\nc.wav,dog\n"), on_missing=warn_missing)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "is empty"),
        ("path,label\n", "no clips"),
        ("path,tag\na.wav,dog\n", "no column 'label', only path, tag"),
        ("clip,label\na.wav,dog\n", "no column 'path', only clip, label"),
        ("path,label\na.wav,dog\nb.wav,\n", "line 3: the label is empty"),
        ("path,label\na.wav, ; \n", "line 2: the label is empty"),
        ("path,label\n,dog\n", "line 2: the path is empty"),
        ("path,label,fold\na.wav,dog,\n", "line 2: the fold is empty"),
        ("path,label\na.wav,Waves, surf\n", "line 2: 3 cells under a header of 2: .* in quotes"),
        ("path,label\na.wav\n", "line 2: 1 cells"),
        ("path,label,start\na.wav,dog,soon\n", "line 2: start is 'soon': give seconds"),
        ("path,label,start\na.wav,dog,-1\n", "line 2: start is '-1'"),
        ("path,label,end\na.wav,dog,nan\n", "line 2: end is 'nan'"),
        ("path,label,start,end\na.wav,dog,2,2\n", "line 2: the clip ends at 2 s"),
    ],
)
def test_bad_files(csv_file, text, message):
    with pytest.raises(InputError, match=message):
        load_csv(csv_file(text))


def test_clips_in_which_nothing_is_heard(csv_file):
    dataset = load_csv(csv_file("path,labels\na.wav,dog;rain\nb.wav,\n"))
    assert dataset["labels"][:] == [["dog", "rain"], []]
    assert infer_problem_type(dataset) == "multi_label_classification"
    assert targets(dataset, ["dog", "rain"], "multi_label_classification").tolist() == [[1, 1], [0, 0]]


def test_line_numbers_count_blank_lines_and_line_breaks_in_cells(csv_file):
    with pytest.raises(InputError, match="line 5: the label is empty"):
        load_csv(csv_file('path,label,note\n\na.wav,dog,"two\nlines"\nb.wav,,x\n'))


def test_other_encodings_and_missing_files(csv_file, tmp_path):
    with pytest.raises(InputError, match="not in UTF-8"):
        load_csv(csv_file("path,label\na.wav,Bär\n", encoding="latin-1"))
    with pytest.raises(InputError, match="'.*none.csv' cannot be read"):
        load_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match="no column 'actor'"):
        load_csv(csv_file("path,label\na.wav,dog\n"), fold_column="actor")


@pytest.mark.data
def test_real_instruments(data_folder):
    dataset = load_csv(data_folder / "instruments" / "labels.csv")
    assert len(dataset) == 300 and len({label for (label,) in dataset["labels"]}) == 10
    assert load_audio(audio_source(dataset[0])).size > 1000
