"""A job is cut into shards once; what is done stays done, and what is damaged is done anew."""

import os
from dataclasses import replace

import numpy as np
import pyarrow
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.archive import Item, Job
from whisper_at_hf.archive.job import finished, good_rows, of_share, prepare, write_rows
from whisper_at_hf.archive.rows import SCHEMA
from whisper_at_hf.archive.tables import read_table, table_bytes


@pytest.fixture
def job(tmp_path):
    return Job(str(tmp_path / "out"), "model", "m", "h", {"top_k": 3}, shard_size=2)


def items(*names):
    return [Item(name, f"/in/{name}", place=3, size=7, kind="tar") for name in names]


def rows(*errors):
    listed = [{"id": str(number), "path": "", "error": error} for number, error in enumerate(errors)]
    return pyarrow.Table.from_pylist(listed, schema=SCHEMA)


def test_files_keep_their_shards(job):
    shards = prepare(job, items("a", "b", "c"))
    assert [[item.id for item in shard] for shard in shards] == [["a", "b"], ["c"]]
    assert prepare(job, items("a", "b", "c")) == shards
    assert prepare(replace(job, shard_size=1, batch_size=3), items("c", "b")) == shards
    more = prepare(job, items("0", "a", "b", "c", "d", "e"))
    assert more[:2] == shards and [[item.id for item in shard] for shard in more[2:]] == [["0", "d"], ["e"]]


def test_paths_may_be_any_bytes(job):
    item = Item("\\xff", os.fsdecode(b"/in/\xff"))
    assert prepare(job, [item]) == prepare(job, [item]) == [[item]]


@pytest.mark.parametrize(
    ("change", "named"),
    [({"parameters": {"top_k": 4}}, "top_k"), ({"model_hash": "x"}, "model_hash"), ({"dtype": "float16"}, "dtype")],
)
def test_a_job_of_other_settings_is_refused(job, change, named):
    prepare(job, items("a"))
    with pytest.raises(InputError, match=f"holds a job with another {named}; name another --output, or use the same"):
        prepare(replace(job, **change), items("a"))


def test_a_file_of_another_folder_does_not_pass_for_one_that_is_done(job):
    prepare(job, items("a"))
    with pytest.raises(InputError, match="'a' is '/in/a' in '.*out', not '/other/a'; name another --output"):
        prepare(job, [Item("a", "/other/a")])


def test_parameters_that_cannot_be_kept(job):
    with pytest.raises(InputError, match="parameters cannot be kept .*ndarray.*; pass numbers, texts and lists"):
        prepare(replace(job, parameters={"labels": np.zeros(2)}), items("a"))


@pytest.mark.parametrize("name", ["job.json", "items.parquet"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"[" * 100_000])
def test_a_damaged_job_says_so(job, tmp_path, name, content):
    prepare(job, items("a"))
    (tmp_path / "out" / name).write_bytes(content)
    with pytest.raises(InputError, match=f"out/{name}' is damaged; name another --output"):
        prepare(job, items("a"))


@pytest.mark.parametrize(
    "ids", [pyarrow.array([None], pyarrow.string()), pyarrow.array([b"\xff"]).view(pyarrow.string())]
)
def test_files_without_readable_names_are_damage(job, tmp_path, ids):
    prepare(job, items("a"))
    path = tmp_path / "out" / "items.parquet"
    table = read_table(path)
    path.write_bytes(table_bytes(table.set_column(table.column_names.index("id"), "id", ids)))
    with pytest.raises(InputError, match="items.parquet' is damaged; name another --output"):
        prepare(job, items("a"))


def test_what_is_finished(job, tmp_path):
    shards = prepare(job, items("a", "b", "c", "d", "e", "f"))
    assert finished(job, shards) == {}
    write_rows(job, 0, rows(None, None))
    write_rows(job, 1, rows("No.", None))
    write_rows(job, 2, rows(None, None))
    assert finished(job, shards) == {0: 0, 1: 1, 2: 0}
    write_rows(job, 0, rows(None))  # of another job: too few
    part = tmp_path / "out" / "rows" / "part-000002.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    (part.parent / ".1.draft").write_bytes(b"half")
    assert finished(job, shards) == {1: 1}


def test_rows_to_keep_are_those_without_an_error(job):
    (shard,) = prepare(job, items("0", "1"))
    assert good_rows(job, 0, shard) == {}
    write_rows(job, 0, rows("No.", None))
    assert {name: row["error"] for name, row in good_rows(job, 0, shard).items()} == {"1": None}
    write_rows(job, 0, rows(None))  # of another job: too few
    assert good_rows(job, 0, shard) == {}


def test_rows_that_are_not_ours_are_not_kept(job):
    """They are as many as the files, and have no error; one that was kept would end the worker."""
    (shard,) = prepare(job, items("0", "1"))
    ours = rows(None, None)
    write_rows(job, 0, ours.drop_columns(["id"]))
    assert good_rows(job, 0, shard) == {}
    for column in (["long", "short"], pyarrow.array([b"\xff", b""]).view(pyarrow.string())):
        write_rows(job, 0, ours.set_column(ours.column_names.index("duration"), "duration", [column]))
        assert good_rows(job, 0, shard) == {}
    write_rows(job, 0, ours.append_column("note", [["", ""]]))
    assert set(good_rows(job, 0, shard)) == {"0", "1"}


def test_shares_have_every_shard_once():
    shards = [0, 1, 4, 5, 8]
    shares = [of_share(shards, (part, 3)) for part in (1, 2, 3)]
    assert shares == [[0], [1, 4], [5, 8]] and of_share(shards, (1, 1)) == shards
