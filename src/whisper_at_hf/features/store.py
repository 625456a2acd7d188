"""How features lie on disk: shards, and the manifest that says which of them make up a finished cache.

A shard is a raw file of float16 features, and beside it a journal with one line for every batch that is in it. A batch
reaches the disk before its line does, so that after a kill at any moment the whole lines tell what is sound. A run
only ever adds shards of its own; those of earlier runs are never written to again, only cut back if damaged.
"""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files import whole_or_nothing
from .spec import FeatureSpec

MANIFEST = "manifest.json"
FORMAT = 1
ENCODE_AGAIN = "run extract again, which encodes only what is missing"

# No other name in a manifest is followed: it could lead out of the folder.
_SHARD_NAME = re.compile(r"shard(-\d+)+")

MAX_SHARD_BYTES = 4 * 2**30


@dataclass(frozen=True)
class Batch:
    """One line of a journal.

    Attributes:
        row: the batch's first row in the shard.
        keys: content keys of its rows.
        sha256: of its bytes.
    """

    row: int
    keys: list[str]
    sha256: str

    @property
    def end(self) -> int:
        """The row after its last one."""
        return self.row + len(self.keys)

    def line(self) -> str:
        """Its line in the journal."""
        return json.dumps(asdict(self)) + "\n"


@dataclass
class Shard:
    """A shard on disk: `folder/name.bin` and `folder/name.journal`."""

    folder: Path
    name: str
    batches: list[Batch]

    @property
    def data_path(self) -> Path:
        """The raw features."""
        return self.folder / f"{self.name}.bin"

    @property
    def journal_path(self) -> Path:
        """The list of batches."""
        return self.folder / f"{self.name}.journal"

    @property
    def rows(self) -> int:
        """Rows in the raw file."""
        return max((batch.end for batch in self.batches), default=0)

    @property
    def keys(self) -> list[str]:
        """Content keys in the order of the rows."""
        return [key for batch in self.batches for key in batch.keys]

    def journal(self) -> str:
        """The journal's content."""
        return "".join(batch.line() for batch in self.batches)

    def damaged(self, spec: FeatureSpec) -> list[Batch]:
        """The batches whose bytes are not those that were written. Reads the whole shard."""
        with self.data_path.open("rb") as file:
            return [batch for batch in self.batches if _checksum(file, batch, spec) != batch.sha256]


def _checksum(file, batch: Batch, spec: FeatureSpec) -> str:
    file.seek(batch.row * spec.clip_bytes)
    return hashlib.sha256(file.read(len(batch.keys) * spec.clip_bytes)).hexdigest()


def read_shard(folder: Path, name: str) -> Shard:
    """The shard as its journal tells it; lines that are torn or damaged are left out."""
    shard = Shard(folder, name, [])
    for line in shard.journal_path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            batch = Batch(**json.loads(line))
            if batch.row < 0 or not all(isinstance(key, str) for key in batch.keys):
                raise ValueError
            shard.batches.append(batch)
        except (ValueError, TypeError):
            continue
    return shard


def shard_names(folder: Path) -> list[str]:
    """Names of all shards in `folder` that have a journal, in order."""
    paths = (path for path in folder.glob("shard-*.journal") if _SHARD_NAME.fullmatch(path.stem) and path.is_file())
    return sorted(path.stem for path in paths)


def repair_shards(folder: Path, spec: FeatureSpec, verify: bool = False) -> None:
    """Cut all shards back to their sound batches: what a killed run left torn goes, and so does what got damaged.

    Args:
        verify: compare all checksums too; otherwise only sizes.
    """
    for name in shard_names(folder):
        shard = read_shard(folder, name)
        size = shard.data_path.stat().st_size if shard.data_path.is_file() else 0
        shard.batches = [batch for batch in shard.batches if batch.end * spec.clip_bytes <= size]
        if verify and shard.batches:
            damaged = shard.damaged(spec)
            shard.batches = [batch for batch in shard.batches if batch not in damaged]
        if shard.data_path.is_symlink() and size > shard.rows * spec.clip_bytes:
            shard.batches = []  # what a link leads to is not ours to cut back; its clips are encoded again
        if shard.journal_path.read_bytes() != shard.journal().encode():
            replace_file(shard.journal_path, shard.journal())
        if not shard.batches:
            shard.data_path.unlink(missing_ok=True)
            shard.journal_path.unlink()
        elif size > shard.rows * spec.clip_bytes:
            os.truncate(shard.data_path, shard.rows * spec.clip_bytes)
    for orphan in folder.glob("shard-*.bin"):
        if not orphan.with_suffix(".journal").exists():
            orphan.unlink()


class ShardWriter:
    """Appends batches to new shards, each on the disk before `append` returns.

    Args:
        folder: of the cache.
        prefix: of the shards' names; no shard may have it yet.
        spec: what is written.
        max_bytes: from which size on a new shard is begun.
    """

    def __init__(self, folder: Path, prefix: str, spec: FeatureSpec, max_bytes: int = MAX_SHARD_BYTES):
        self._folder, self._prefix, self._spec, self._max_bytes = folder, prefix, spec, max_bytes
        self._count, self._row = 0, 0
        self._data = self._journal = None

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, *exception) -> None:
        self._close()

    def append(self, keys: Sequence[str], features: np.ndarray) -> None:
        """Write `(clips, layers, steps, width)` float16. Raises InputError where the disk does not take it."""
        data = features.astype("<f2").tobytes()
        try:
            if self._data is None or self._row * self._spec.clip_bytes >= self._max_bytes:
                self._next_shard()
            _to_disk(self._data, data)
            batch = Batch(self._row, list(keys), hashlib.sha256(data).hexdigest())
            _to_disk(self._journal, batch.line().encode())
        except OSError as error:
            raise InputError(
                f"'{self._folder}' cannot be written ({error.strerror}): make room and run extract again; "
                "what is encoded so far is kept."
            ) from error
        self._row = batch.end

    def _next_shard(self) -> None:
        self._close()
        shard = Shard(self._folder, f"{self._prefix}-{self._count:04d}", [])
        self._data, self._journal = shard.data_path.open("xb"), shard.journal_path.open("xb")
        _sync_folder(self._folder)
        self._count, self._row = self._count + 1, 0

    def _close(self) -> None:
        for file in (self._data, self._journal):
            if file is not None:
                file.close()


def _to_disk(file, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere folders cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_file(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all, also after a power cut."""
    with whole_or_nothing(path) as draft, draft.open("wb") as file:
        _to_disk(file, text.encode())
    _sync_folder(path.parent)


@dataclass
class Manifest:
    """What manifest.json holds.

    Attributes:
        spec: of all features in the folder.
        shards: `{"name", "bytes", "journal_sha256"}` of every shard, in the order of the cache.
        failures: `{"path", "reason"}` of the rows that the last extraction could not read.
    """

    spec: FeatureSpec
    shards: list[dict]
    failures: list[dict]

    def open_shards(self, folder: Path) -> list[Shard]:
        """The shards, whose sizes and journals are checked.

        Raises:
            InputError: a file is missing, or is not the one that was written.
        """
        return [_open_shard(folder, self.spec, **entry) for entry in self.shards]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the cache in `folder`.

    Raises:
        InputError: there is no complete cache, or its manifest is broken.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise InputError(f"'{path}' is of another version of whisper-at-hf: delete '{folder}' and run extract.")
        manifest = Manifest(FeatureSpec(**content["spec"]), content["shards"], content["failures"])
        if not all(_is_entry(shard) for shard in manifest.shards):
            raise ValueError("what it says of a shard cannot be")
        if manifest.spec.folder_name != folder.resolve().name:
            raise ValueError("the spec is not the one that the folder is named after")
        return manifest
    except OSError as error:
        raise InputError(
            f"'{folder}' holds no complete feature cache: name a folder that extract made, or {ENCODE_AGAIN}."
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' is damaged, or '{folder.name}' was renamed: {ENCODE_AGAIN}.") from error


def _is_entry(shard: dict) -> bool:
    return shard.keys() == {"name", "bytes", "journal_sha256"} and _SHARD_NAME.fullmatch(shard["name"]) is not None


def write_manifest(folder: Path, spec: FeatureSpec, shards: Sequence[Shard], failures: list[dict]) -> None:
    """Declare the extraction into `folder` complete."""
    entries = [
        {"name": shard.name, "bytes": shard.rows * spec.clip_bytes, "journal_sha256": _digest(shard)}
        for shard in shards
    ]
    content = {"format": FORMAT, "spec": asdict(spec), "shards": entries, "failures": failures}
    replace_file(folder / MANIFEST, json.dumps(content, indent=1) + "\n")


def _open_shard(folder: Path, spec: FeatureSpec, name: str, bytes: int, journal_sha256: str) -> Shard:
    shard = Shard(folder, name, [])
    for path in (shard.data_path, shard.journal_path):
        if not path.is_file():
            raise InputError(f"'{path}' is missing: {ENCODE_AGAIN}.")
    if shard.data_path.stat().st_size != bytes:
        raise InputError(
            f"'{shard.data_path}' has {shard.data_path.stat().st_size} bytes instead of {bytes}: {ENCODE_AGAIN}."
        )
    shard = read_shard(folder, name)
    if _digest(shard) != journal_sha256 or shard.rows * spec.clip_bytes != bytes:
        raise InputError(f"'{shard.journal_path}' is not the journal that was written: {ENCODE_AGAIN}.")
    return shard


def _digest(shard: Shard) -> str:
    return hashlib.sha256(shard.journal().encode()).hexdigest()
