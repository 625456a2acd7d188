import pytest

from whisper_at_hf.data import load_esc, warn_missing
from whisper_at_hf.errors import InputError

META = """filename,fold,target,category,esc10,src_file,take
1-100032-A-0.wav,1,0,dog,True,100032,A
1-100038-A-14.wav,1,14,chirping_birds,False,100038,A
2-100210-A-36.wav,2,36,vacuum_cleaner,False,100210,A
5-100263-A-0.wav,5,0,dog,True,100263,A
"""
NAMES = [line.split(",")[0] for line in META.splitlines()[1:]]


@pytest.fixture
def esc50(make_files):
    folder = make_files(*(f"audio/{name}" for name in NAMES), "meta/esc50.csv")
    (folder / "meta" / "esc50.csv").write_text(META)
    return folder


def test_esc50(esc50):
    assert load_esc(esc50)[:] == {
        "path": [str(esc50 / "audio" / name) for name in NAMES],
        "labels": [["dog"], ["chirping_birds"], ["vacuum_cleaner"], ["dog"]],
        "fold": ["1", "1", "2", "5"],
    }


def test_esc10_needs_only_its_own_clips(esc50):
    (esc50 / "audio" / NAMES[1]).unlink()
    dataset = load_esc(esc50, esc10=True)
    assert dataset["labels"][:] == [["dog"], ["dog"]] and dataset["fold"][:] == ["1", "5"]


def test_missing_clips(esc50):
    (esc50 / "audio" / NAMES[1]).unlink()
    with pytest.raises(InputError, match="1 clip not found .*1-100038-A-14.wav"):
        load_esc(esc50)
    with pytest.warns(UserWarning, match="1 clip not found"):
        assert len(load_esc(esc50, on_missing=warn_missing)) == 3


def test_other_layouts(esc50, tmp_path):
    with pytest.raises(InputError, match="esc50.csv' cannot be read"):
        load_esc(tmp_path / "elsewhere")
    (esc50 / "meta" / "esc50.csv").write_text("filename,fold,category\nx,1,dog\n")
    with pytest.raises(InputError, match="no column 'esc10', only filename, fold, category"):
        load_esc(esc50)
