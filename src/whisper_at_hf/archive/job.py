"""What a job is: its files, cut into shards once and for all, and the settings that all rows share."""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow
from pyarrow import parquet

from ..errors import InputError
from ..model.fingerprint import fingerprint
from .items import Item
from .rows import SCHEMA_VERSION
from .store import Store

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
        return json.loads(json.dumps({"schema": SCHEMA_VERSION, **decisive}))


def prepare(job: Job, items: Sequence[Item]) -> list[list[Item]]:
    """Begin a job, or go on with one: files that are new since then are added, those that are done stay done.

    Returns:
        the files of each shard.

    Raises:
        InputError: the output holds a job of other settings.
    """
    store = job.store
    settings = job.settings
    earlier = store.read(SETTINGS)
    if earlier is not None and (changed := _changed(json.loads(earlier), settings)):
        raise InputError(f"'{job.output}' holds a job with another {changed}; name another --output, or use the same.")
    shards = _read_shards(store)
    known = {item.id for shard in shards for item in shard}
    new = [item for item in items if item.id not in known]
    shards += [new[first : first + job.shard_size] for first in range(0, len(new), job.shard_size)]
    if new:
        store.write(ITEMS, _table_bytes(_items_table(shards)))
    if earlier is None:
        store.write(SETTINGS, (json.dumps(settings, indent=2) + "\n").encode())
    return shards


def unfinished(job: Job, count: int) -> list[int]:
    """Which of the `count` shards have no rows yet."""
    done = job.store.names(ROWS)
    return [shard for shard in range(count) if rows_name(shard) not in done]


def rows_name(shard: int) -> str:
    """The file with the rows of a shard."""
    return f"part-{shard:06d}.parquet"


def count_rows(job: Job) -> tuple[int, int]:
    """How many rows there are, and how many of them have an error."""
    rows = errors = 0
    for name in job.store.names(ROWS):
        column = parquet.read_table(io.BytesIO(job.store.read(f"{ROWS}/{name}")), columns=["error"])["error"]
        rows, errors = rows + len(column), errors + len(column) - column.null_count
    return rows, errors


def write_rows(job: Job, shard: int, table: pyarrow.Table) -> None:
    """Put the rows of a shard where they belong, all of them or none."""
    job.store.write(f"{ROWS}/{rows_name(shard)}", _table_bytes(table))


def of_share(shards: Sequence[int], share: tuple[int, int]) -> list[int]:
    """The shards of one of several machines: `(2, 4)` for the second of four."""
    part, parts = share
    return [shard for shard in shards if shard % parts == part - 1]


def _changed(earlier: dict[str, Any], settings: dict[str, Any]) -> str | None:
    if changed := [name for name in settings if earlier.get(name) != settings[name] and name != "parameters"]:
        return changed[0]
    before, now = earlier.get("parameters", {}), settings["parameters"]
    return next((name for name in {**before, **now} if before.get(name) != now.get(name)), None)


def _read_shards(store: Store) -> list[list[Item]]:
    content = store.read(ITEMS)
    if content is None:
        return []
    try:
        rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    except pyarrow.ArrowException as error:
        raise InputError(f"'{store.address}/{ITEMS}' is damaged; name another --output.") from error
    shards: list[list[Item]] = []
    for row in rows:
        if row.pop("shard") == len(shards):
            shards.append([])
        shards[-1].append(Item(**row))
    return shards


def _items_table(shards: Sequence[Sequence[Item]]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(
        [{"shard": number, **asdict(item)} for number, shard in enumerate(shards) for item in shard]
    )


def _table_bytes(table: pyarrow.Table) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def hashes(model: Any) -> tuple[str, str]:
    """sha256 over a model's weights and configuration, and over those of its default head alone."""
    head = model.get_head()
    return fingerprint(model, model.config.to_dict()), fingerprint(head, head.config.to_dict())
