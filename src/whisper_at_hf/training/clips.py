"""Clips with cached features and targets: what training and scoring work on."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from datasets import Dataset, concatenate_datasets

from ..data import load_data, targets, warn_missing
from ..data.audioset import is_segment_list
from ..data.schema import FEATURES, NAMED_AT_MOST, count
from ..errors import InputError
from ..features import Encoder, FeatureCache, extract_features
from ..files import cache_directory
from .arguments import DataArguments, HeadArguments
from .feature_dataset import FeatureDataset


@dataclass
class Clips:
    """Readable clips of one part of the data.

    Attributes:
        rows: what the loaders gave, `labels` and all.
        targets: `(clips, num_labels)` uint8, or `(clips,)` int64 for single-label heads.
        cache: where their features lie, and
        positions: at which positions.
        teacher: probabilities `(clips, num_labels)` to learn from besides, or None.
    """

    rows: Dataset
    targets: np.ndarray
    cache: FeatureCache
    positions: list[int]
    teacher: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.positions)

    def select(self, chosen: Sequence[int]) -> "Clips":
        """Some of the clips, by number."""
        chosen = list(chosen)
        positions = [self.positions[index] for index in chosen]
        teacher = None if self.teacher is None else self.teacher[chosen]
        return Clips(self.rows.select(chosen), self.targets[chosen], self.cache, positions, teacher)

    def taught_targets(self, weight: float) -> np.ndarray:
        """`(clips, num_labels)` float32: multi-label targets, of which that share is the teacher's probabilities."""
        targets = self.targets.astype(np.float32)
        return targets if self.teacher is None else (1 - weight) * targets + weight * self.teacher

    def join(self, others: "Clips") -> "Clips":
        """These clips and others of the same cache folder, all without a teacher."""
        # The one that was opened last holds both; the other may know nothing of clips that were encoded since.
        cache = max(self.cache, others.cache, key=len)
        places = {key: position for position, key in enumerate(cache.keys)}
        return Clips(
            concatenate_datasets([self.rows, others.rows]),
            np.concatenate([self.targets, others.targets]),
            cache,
            [places[key] for key in self.keys() + others.keys()],
        )

    def dataset(self) -> FeatureDataset:
        """The clips as a torch dataset."""
        return FeatureDataset(self.cache, self.positions, self.targets, self.teacher)

    def keys(self) -> list[str]:
        """What each clip sounds like, as a hash."""
        return [self.cache.keys[position] for position in self.positions]


def load_rows(sources: Sequence[str], data: DataArguments, split: str | None = None) -> Dataset | None:
    """The rows of all `sources` in order; None without sources. Raises InputError as `load_data` does.

    Args:
        split: of each source, where it is a dataset with splits.
    """
    if not sources:
        return None
    parts = [
        load_data(
            source,
            split=split,
            clips=data.clips if Path(source).is_file() and is_segment_list(source) else None,
            audio_column=data.audio_column,
            label_column=data.label_column,
            fold_column=data.fold_column,
            on_missing=warn_missing if data.skip_missing else None,
        )
        for source in sources
    ]
    if len({"path" in part.column_names for part in parts}) > 1:
        raise InputError(
            f"Of {', '.join(sources)} some name audio files and others hold the audio; train on one kind at a time."
        )
    bounded = {name for part in parts for name in ("start", "end") if name in part.column_names}
    parts = [_with_bounds(part, bounded) for part in parts]
    shared = set.intersection(*(set(part.column_names) for part in parts))
    return concatenate_datasets([part.select_columns(sorted(shared)) for part in parts])


def _with_bounds(rows: Dataset, names: set[str]) -> Dataset:
    """`rows` with empty columns `names` where it lacks them: its clips are whole files."""
    for name in sorted(names - set(rows.column_names)):
        rows = rows.add_column(name, [None] * len(rows), feature=FEATURES[name])
    return rows


def feature_folder(data: DataArguments) -> Path:
    """Where cached features lie: as told, else in the user's cache."""
    return Path(data.cache_dir) if data.cache_dir else cache_directory() / "features"


def encode_clips(
    rows: Dataset,
    labels: list[str],
    problem_type: str,
    encoder: Encoder,
    data: DataArguments,
    window: HeadArguments,
    announce: Callable[[str], None] | None = None,
    keys: Sequence[str | InputError] | None = None,
) -> Clips:
    """Encode what the cache does not hold yet. Unreadable clips are left out with a warning.

    Args:
        rows: of our loaders.
        labels, problem_type: of the head, see `data.targets`.
        encoder: of the Whisper.
        data: where the cache is, and how many clips are encoded at a time.
        window: its `window_length_s` and `input_padding`.
        announce: told what is going on.
        keys: the rows' content keys, where they are known already.

    Raises:
        InputError: no clip can be read, or an argument that `extract_features` refuses.
    """
    cache = extract_features(
        rows,
        encoder,
        feature_folder(data),
        window_length_s=window.window_length_s,
        padding=window.input_padding,
        batch_size=data.extraction_batch_size,
        announce=announce,
        keys=keys,
    )
    positions = cache.lookup(rows) if keys is None else cache.positions_of(keys)
    readable = [index for index, position in enumerate(positions) if position is not None]
    if not readable:
        raise InputError("None of the clips can be read as audio; check the paths in the data.")
    if len(readable) < len(rows):
        warn_unread([cache], len(rows) - len(readable))
        rows = rows.select(readable)
    return Clips(rows, targets(rows, labels, problem_type), cache, [positions[index] for index in readable])


def warn_unread(caches: Sequence[FeatureCache], number: int) -> None:
    """Warn that so many clips were left out, and why the first of them could not be read."""
    failures = {failure["path"]: failure["reason"] for cache in caches for failure in cache.failures}
    listed = "; ".join(f"{path}: {reason}" for path, reason in list(failures.items())[:NAMED_AT_MOST])
    more = "; ..." if len(failures) > NAMED_AT_MOST else ""
    warnings.warn(f"{count(number, 'clip')} could not be read and left out: {listed}{more}", stacklevel=3)
