"""Parquet tables in the caller's thread."""

import io
import subprocess
import sys

import pyarrow
import pytest

from whisper_at_hf.archive.tables import read_table, table_bytes

TABLE = pyarrow.table({"id": ["a", "b"], "error": [None, "bad"]})


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(table_bytes(TABLE))
    return path


def test_round_trip(path):
    assert read_table(path).equals(TABLE)
    with path.open("rb") as file:
        assert read_table(file, ["error"]).equals(TABLE.select(["error"]))


def test_what_is_no_such_table(path):
    with pytest.raises(KeyError, match="other"):
        read_table(path, ["id", "other"])
    path.write_bytes(b"no table")
    with pytest.raises(pyarrow.ArrowException):
        read_table(path)


def test_a_damaged_footer_is_no_error_of_the_system(path):
    """Arrow raises OSError for it, as if the disk had failed."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : -8] = bytes(byte ^ 0x5A for byte in content[len(content) // 2 : -8])
    path.write_bytes(content)
    for source in (path, io.BytesIO(content)):
        with pytest.raises(pyarrow.ArrowException):
            read_table(source)
    with pytest.raises(FileNotFoundError):
        read_table(path.with_name("none.parquet"))


@pytest.mark.long
def test_no_thread_is_left_that_would_abort_the_end_of_the_process(path):
    """Arrow's threads that hold a Python file did that in one of ten busy runs."""
    code = (
        "import sys, psutil; from whisper_at_hf.archive.tables import read_table; me = psutil.Process()\n"
        "before = me.num_threads()\n"
        "with open(sys.argv[1], 'rb') as file: read_table(file)\n"
        "sys.exit(me.num_threads() - before)"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == 0
