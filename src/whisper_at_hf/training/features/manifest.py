"""The manifest: written when an extraction is complete, it says which shards make up the cache."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...errors import InputError
from .shards import Shard, read_shard, replace_file
from .spec import FeatureSpec

MANIFEST = "manifest.json"
FORMAT = 1
ENCODE_AGAIN = "run extract again, which encodes only what is missing"


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
        return [_open_shard(folder, **entry) for entry in self.shards]


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
        if manifest.spec.folder_name != folder.resolve().name:
            raise ValueError("the spec is not the one that the folder is named after")
        return manifest
    except OSError as error:
        raise InputError(
            f"'{folder}' holds no complete feature cache: name a folder that extract made, or {ENCODE_AGAIN}."
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' is damaged, or '{folder.name}' was renamed: {ENCODE_AGAIN}.") from error


def write_manifest(folder: Path, spec: FeatureSpec, shards: Sequence[Shard], failures: list[dict]) -> None:
    """Declare the extraction into `folder` complete."""
    entries = [
        {"name": shard.name, "bytes": shard.rows * spec.clip_bytes, "journal_sha256": _digest(shard)}
        for shard in shards
    ]
    content = {"format": FORMAT, "spec": asdict(spec), "shards": entries, "failures": failures}
    replace_file(folder / MANIFEST, json.dumps(content, indent=1) + "\n")


def _open_shard(folder: Path, name: str, bytes: int, journal_sha256: str) -> Shard:
    shard = Shard(folder, name, [])
    for path in (shard.data_path, shard.journal_path):
        if not path.is_file():
            raise InputError(f"'{path}' is missing: {ENCODE_AGAIN}.")
    if shard.data_path.stat().st_size != bytes:
        raise InputError(
            f"'{shard.data_path}' has {shard.data_path.stat().st_size} bytes instead of {bytes}: {ENCODE_AGAIN}."
        )
    shard = read_shard(folder, name)
    if _digest(shard) != journal_sha256:
        raise InputError(f"'{shard.journal_path}' is not the journal that was written: {ENCODE_AGAIN}.")
    return shard


def _digest(shard: Shard) -> str:
    return hashlib.sha256(shard.journal().encode()).hexdigest()
