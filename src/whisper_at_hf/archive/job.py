"""What a job is: its files, cut into shards once and for all, and the settings that all rows share."""

import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow

from ..errors import InputError
from ..model.fingerprint import fingerprint
from .items import Item, printable
from .rows import SCHEMA, SCHEMA_VERSION
from .store import Store
from .tables import read_table, table_bytes

SETTINGS, ITEMS, ROWS = "job.json", "items.parquet", "rows"


@dataclass(frozen=True)
class Job:
    """Everything that a worker has to know; it can be pickled.

    Attributes:
        output: where results go, see `Store`.
        model: folder or hub id.
        model_hash, head_hash: what tells its weights from others, see `hashes`.
        parameters: of the pipeline's call, `batch_size` aside.
        shard_size: files in a shard, which is written as a whole.
        batch_size: windows decoded at a time; changes no result beyond rounding.
        device, dtype: where and how the model computes.
        time_limit: seconds that the decoding of a file may take.
        max_seconds: of sound in a file.
        retry_errors: whether a shard that is done anew keeps its rows without an error.
    """

    output: str
    model: str
    model_hash: str = ""
    head_hash: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    shard_size: int = 100
    batch_size: int = 16
    device: str | None = None
    dtype: str = "auto"
    time_limit: float = 120.0
    max_seconds: float = 12 * 3600.0
    retry_errors: bool = False

    @property
    def store(self) -> Store:
        """Where results go."""
        return Store(self.output)

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the rows, as JSON holds it."""
        decisive = {
            name: getattr(self, name) for name in ("model_hash", "head_hash", "parameters", "dtype", "max_seconds")
        }
        try:
            return json.loads(json.dumps({"schema": SCHEMA_VERSION, **decisive}))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"The job's parameters cannot be kept ({error}); pass numbers, texts and lists."
            ) from error


def prepare(job: Job, items: Sequence[Item]) -> list[list[Item]]:
    """Begin a job, or go on with one: files that are new since then are added, those that are done stay done.

    Returns:
        the files of each shard.

    Raises:
        InputError: the output holds a job of other settings, of other files with these names, or a damaged one, or it
            cannot be written.
    """
    store = job.store
    settings = job.settings
    earlier = store.read(SETTINGS)
    if earlier is not None and (changed := _changed(_parsed(store, earlier), settings)):
        raise InputError(f"'{job.output}' holds a job with another {changed}; name another --output, or use the same.")
    shards = _read_shards(store)
    known = {item.id: item.path for shard in shards for item in shard}
    if moved := next((item for item in items if known.get(item.id, item.path) != item.path), None):
        raise InputError(
            f"'{moved.id}' is '{printable(known[moved.id])}' in '{job.output}', not '{printable(moved.path)}'; name "
            "another --output."
        )
    new = [item for item in items if item.id not in known]
    shards += [new[first : first + job.shard_size] for first in range(0, len(new), job.shard_size)]
    if new:
        store.write(ITEMS, table_bytes(_items_table(shards)))
    if earlier is None:
        store.write(SETTINGS, (json.dumps(settings, indent=2) + "\n").encode())
    return shards


def finished(job: Job, shards: Sequence[Sequence[Item]]) -> dict[int, int]:
    """The shards whose rows are there, and how many of these have an error.

    Rows that cannot be read, or are not as many as the shard's files, are none.
    """
    store = job.store
    names = store.names(ROWS)
    found = {}
    for shard, items in enumerate(shards):
        if rows_name(shard) in names:
            table = _rows(store, shard, items, ["error"])
            if table is not None:
                found[shard] = len(table) - table["error"].null_count
    return found


def good_rows(job: Job, shard: int, items: Sequence[Item]) -> dict[str, dict[str, Any]]:
    """The rows of a shard that have no error, by id; none where `finished` counts none, or they are not ours."""
    table = _rows(job.store, shard, items, SCHEMA.names)
    try:
        rows = [] if table is None else table.select(SCHEMA.names).cast(SCHEMA).to_pylist()
    except (pyarrow.ArrowException, ValueError):  # columns of other types, or texts that are none
        rows = []
    return {row["id"]: row for row in rows if row["error"] is None}


def _rows(
    store: Store, shard: int, items: Sequence[Item], columns: Sequence[str] | None = None
) -> pyarrow.Table | None:
    try:
        with store.open(f"{ROWS}/{rows_name(shard)}") as file:
            table = read_table(file, columns)
    except (pyarrow.ArrowException, KeyError, FileNotFoundError):
        return None
    return table if len(table) == len(items) else None


def rows_name(shard: int) -> str:
    """The file with the rows of a shard."""
    return f"part-{shard:06d}.parquet"


def write_rows(job: Job, shard: int, table: pyarrow.Table) -> None:
    """Put the rows of a shard where they belong, all of them or none."""
    job.store.write(f"{ROWS}/{rows_name(shard)}", table_bytes(table))


def of_share(shards: Sequence[int], share: tuple[int, int]) -> list[int]:
    """The shards of one of several machines: `(2, 4)` for the second of four."""
    part, parts = share
    return [shard for shard in shards if shard % parts == part - 1]


def _changed(earlier: dict[str, Any], settings: dict[str, Any]) -> str | None:
    if changed := [name for name in settings if earlier.get(name) != settings[name] and name != "parameters"]:
        return changed[0]
    before, now = earlier.get("parameters", {}), settings["parameters"]
    return next((name for name in {**before, **now} if before.get(name) != now.get(name)), None)


def _parsed(store: Store, content: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(content))
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(store, SETTINGS) from error


def _read_shards(store: Store) -> list[list[Item]]:
    content = store.read(ITEMS)
    if content is None:
        return []
    shards: list[list[Item]] = []
    try:
        for row in read_table(io.BytesIO(content)).to_pylist():
            if row.pop("shard") == len(shards):
                shards.append([])
            shards[-1].append(Item(**{**row, "path": os.fsdecode(row["path"])}))
    except (pyarrow.ArrowException, LookupError, TypeError, ValueError) as error:
        raise _damaged(store, ITEMS) from error
    if any(item.id is None for shard in shards for item in shard):
        raise _damaged(store, ITEMS)
    return shards


def _damaged(store: Store, name: str) -> InputError:
    return InputError(f"'{store.address}/{name}' is damaged; name another --output.")


def _items_table(shards: Sequence[Sequence[Item]]) -> pyarrow.Table:
    """Paths are bytes, since they need not be UTF-8."""
    return pyarrow.Table.from_pylist(
        [
            {"shard": number, **asdict(item), "path": os.fsencode(item.path)}
            for number, shard in enumerate(shards)
            for item in shard
        ]
    )


def hashes(model: Any) -> tuple[str, str]:
    """sha256 over a model's weights and configuration, and over those of its default head alone."""
    head = model.get_head()
    return fingerprint(model, model.config.to_dict()), fingerprint(head, head.config.to_dict())
