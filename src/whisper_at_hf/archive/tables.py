"""Parquet tables, to and from whatever holds their bytes."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow
from pyarrow import parquet


def table_bytes(table: pyarrow.Table) -> bytes:
    """A table as the content of a Parquet file."""
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def read_table(source: Any, columns: Sequence[str] | None = None) -> pyarrow.Table:
    """A table, or some columns of it, from a path or an open binary file.

    It is read in the caller's thread alone: Arrow's own threads may hold a Python file when the interpreter ends, and
    that aborts the process now and then, after all work is done (https://github.com/apache/arrow/issues/34314).

    Raises:
        pyarrow.ArrowException: it is no Parquet file.
        KeyError: it has no such column.
    """
    try:
        file = parquet.ParquetFile(source, pre_buffer=False)
        if missing := set(columns or ()) - set(file.schema_arrow.names):
            raise KeyError(*missing)
        return file.read(columns, use_threads=False)
    except OSError as error:
        if error.errno is None:  # no operating system's: Arrow's own, for some kinds of damage
            raise pyarrow.ArrowInvalid(str(error)) from error
        raise
