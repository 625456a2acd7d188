"""`FeatureCache`: the features of many clips, read from memory-mapped shards."""

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .keys import AudioHashes, clip_keys
from .parallel import DEFAULT_THREADS
from .store import MANIFEST, read_manifest


class FeatureCache:
    """A finished cache, opened for reading. Can be pickled, so that a DataLoader's workers can have it.

    Args:
        folder: one spec's folder, as `extract_features` gives in `cache.folder`.

    Attributes:
        spec: the `FeatureSpec` of all features.
        keys: content key of each position.
        failures: `{"path", "reason"}` of the rows that the last extraction could not read.

    Raises:
        InputError: there is no complete cache, or a file in it is missing or damaged (contents of the features are
            compared by `verify` only).
    """

    def __init__(self, folder: str | PathLike):
        self.folder = Path(folder)
        if not (self.folder / MANIFEST).is_file():
            self._refuse_folder()
        manifest = read_manifest(self.folder)
        self.spec, self.failures = manifest.spec, manifest.failures
        self._shards = manifest.open_shards(self.folder)
        self.keys = [key for shard in self._shards for key in shard.keys]
        self._positions = {key: position for position, key in enumerate(self.keys)}
        # (number of the shard, row in it) for each position
        places = [
            np.stack([np.full(len(batch.keys), number), np.arange(batch.row, batch.end)], axis=1)
            for number, shard in enumerate(self._shards)
            for batch in shard.batches
        ]
        self._places = np.concatenate([np.empty((0, 2), dtype=np.int64), *places])
        self._maps: dict[int, np.ndarray] = {}

    def _refuse_folder(self) -> None:
        inside = sorted(path.parent.name for path in self.folder.glob(f"*/{MANIFEST}"))
        if inside:
            raise InputError(f"'{self.folder}' holds {len(inside)} feature caches: name one ({', '.join(inside)}).")

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, position: int) -> np.ndarray:
        """Features of one clip: a copy, `(layers, steps, width)` float16. Raises IndexError past the end."""
        shard, row = self._places[position]
        return self._map(int(shard))[row].copy()

    def batch(self, positions: Sequence[int]) -> np.ndarray:
        """Features of several clips, `(clips, layers, steps, width)` float16, copied once."""
        features = np.empty((len(positions), *self.spec.shape), dtype=np.float16)
        for target, (shard, row) in zip(features, self._places[np.asarray(positions, dtype=np.int64)], strict=True):
            target[:] = self._map(int(shard))[row]
        return features

    def lookup(self, dataset: Any, threads: int = DEFAULT_THREADS) -> list[int | None]:
        """The position of each row of a `datasets.Dataset`; None where its audio could not be read or is not here.

        Files whose size and time of change are those seen by `extract_features` are not read again.
        """
        return self.positions_of(clip_keys(dataset, AudioHashes(self.folder.parent), range(len(dataset)), threads))

    def positions_of(self, keys: Iterable[str | InputError]) -> list[int | None]:
        """As `lookup`, for rows whose content keys are known."""
        return [self._positions.get(key) for key in keys]

    def verify(self) -> None:
        """Compare the checksums of all features. Raises InputError that names the first damaged shard."""
        for shard in self._shards:
            damaged = shard.damaged(self.spec)
            if damaged:
                clips = sum(len(batch.keys) for batch in damaged)
                raise InputError(
                    f"'{shard.data_path}' is damaged ({clips} clips): run extract with verify on, which encodes "
                    "only those again."
                )

    def _map(self, shard: int) -> np.ndarray:
        if shard not in self._maps:
            path, spec = self._shards[shard].data_path, self.spec
            mapped = np.memmap(path, dtype="<f2", mode="r", shape=(self._shards[shard].rows, *spec.shape))
            self._maps[shard] = mapped.view(np.ndarray)  # without memmap's cost at every slice
        return self._maps[shard]

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_maps": {}}
