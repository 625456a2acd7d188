"""What a source names: every file once, under a name of its own, read from where it lies."""

import csv
import io
import tarfile

import pyarrow
import pytest
from archives import write_noises
from datasets_made import with_audio
from pyarrow import parquet

from whisper_at_hf import InputError
from whisper_at_hf.archive import Item, list_items
from whisper_at_hf.audio import load_audio


def ids(source):
    return [item.id for item in list_items(source)]


def write_tar(path, folder, *names, **options):
    with tarfile.open(path, "w", **options) as tar:
        for name in names:
            tar.add(folder / name, name)
    return path


def test_a_folder_gives_all_its_sounds_in_order(tmp_path):
    write_noises(tmp_path, "b/a.wav", "a.wav", "b/c/a.mp3", ".hidden.wav", ".git/x.wav", "notes.txt", "c.tar")
    assert ids(tmp_path) == ["a.wav", "b/a.wav", "b/c/a.mp3"]
    (first, *_) = list_items(tmp_path)
    assert first.read() == str(tmp_path / "a.wav") and first.size == (tmp_path / "a.wav").stat().st_size


def test_links_to_files_count_and_links_to_folders_do_not(tmp_path):
    write_noises(tmp_path, "in/a.wav", "out/b.wav")
    (tmp_path / "in" / "b.wav").symlink_to(tmp_path / "out" / "b.wav")
    (tmp_path / "in" / "out").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "circle").symlink_to(tmp_path / "in")
    assert ids(tmp_path / "in") == ["a.wav", "b.wav"]


def test_names_with_newlines_and_foreign_bytes(tmp_path):
    write_noises(tmp_path, b"\xff.wav", b"a\nb.wav", "ü.wav".encode())
    items = {item.id: item for item in list_items(tmp_path)}
    assert set(items) == {"\\xff.wav", "a\nb.wav", "ü.wav"}
    assert all(len(load_audio(item.read())) for item in items.values())


def test_lists(tmp_path):
    write_noises(tmp_path, "a.wav", "b/a.wav")
    names = ["b/a.wav", str(tmp_path / "a.wav"), "gone.wav", "https://example.com/a.wav"]
    (tmp_path / "list.txt").write_text("\ufeff" + "\r\n".join(names) + "\n\n", encoding="utf-8")
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("n", "file"), *((0, name) for name in names)])
    parquet.write_table(pyarrow.table({"audio": names}), tmp_path / "list.parquet")
    for kind in ("txt", "csv", "parquet"):
        items = list_items(tmp_path / f"list.{kind}")
        assert [item.id for item in items] == names
        assert [item.path for item in items] == [str(tmp_path / name) for name in names[:3]] + names[3:]
        assert items[2].size == 0 and items[0].size > 0


def test_members_of_tars_are_read_where_they_lie(tmp_path):
    folder = write_noises(tmp_path / "in", "x/a.wav", "x/b.wav", f"{'long' * 40}ü.wav", "x/a.json")
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.*"))
    (tmp_path / "tars").mkdir()
    write_tar(tmp_path / "tars" / "1.tar", folder, *names)
    write_tar(tmp_path / "tars" / "2.tar", folder, *names, format=tarfile.GNU_FORMAT)
    sounds = [name for name in names if name.endswith(".wav")]
    items = list_items(tmp_path / "tars")
    assert [item.id for item in items] == [f"{tar}.tar/{name}" for tar in (1, 2) for name in sounds]
    for item, name in zip(items, 2 * sounds, strict=True):
        assert item.read()["bytes"] == (folder / name).read_bytes()
    assert ids(tmp_path / "tars" / "2.tar") == [f"2.tar/{name}" for name in sounds]


@pytest.mark.parametrize("change", ["order", "cut", "gone"])
def test_a_tar_that_was_changed(tmp_path, change):
    """Members of one length that change places would else give each other's results."""
    write_noises(tmp_path, "a.wav")
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes()[::-1])
    tar = write_tar(tmp_path / "x.tar", tmp_path, "a.wav", "b.wav")
    _, second = list_items(tar)
    if change == "order":
        write_tar(tar, tmp_path, "b.wav", "a.wav")
    elif change == "cut":
        tar.write_bytes(tar.read_bytes()[: second.place])
    else:
        tar.unlink()
    with pytest.raises((InputError, FileNotFoundError), match=r"was changed, 'x.tar/b.wav' is no longer|No such file"):
        second.read()


def test_a_saved_data_set(tmp_path):
    write_noises(tmp_path, "a.wav", "b.wav")
    content = [(tmp_path / name).read_bytes() for name in ("a.wav", "b.wav")]
    with_audio([{"path": None, "bytes": sound} for sound in content]).save_to_disk(tmp_path / "saved")
    items = list_items(tmp_path / "saved")
    assert [item.id for item in items] == ["000000000", "000000001"]
    assert [item.read()["bytes"] for item in items] == content


def test_one_file(tmp_path):
    write_noises(tmp_path, "a.wav")
    assert list_items(tmp_path / "a.wav") == [
        Item("a.wav", str(tmp_path / "a.wav"), size=(tmp_path / "a.wav").stat().st_size)
    ]


def test_what_is_no_source(tmp_path):
    with pytest.raises(InputError, match="The source is empty; name a folder"):
        list_items("")

    def refused(name, content=None):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as caught:
            list_items(tmp_path / name)
        return str(caught.value)

    (tmp_path / "empty").mkdir()
    assert "holds no audio files; name a folder" in refused("empty")
    assert "There is no" in refused("gone")
    assert "names 'a.wav' twice" in refused("twice.txt", b"a.wav\nb.wav\na.wav\n")
    assert "no column path or file or audio or file_name, only x, y" in refused("x.csv", b"x,y\n1,2\n")
    assert "no Parquet file" in refused("x.parquet", b"PAR1 no")
    assert "cannot be read" in refused("x.tar", b"no tar" * 200)
    assert "cannot be read" in refused("x.txt", b"\xff\n")
    several = io.BytesIO()
    parquet.write_table(pyarrow.table({"x": ["a"]}), several)
    assert "no column" in refused("y.parquet", several.getvalue())
