"""What there is to encode, in batches that come out the same however often a run is cut off."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm import tqdm

from ...errors import InputError
from .keys import AudioHashes, clip_keys
from .manifest import read_manifest
from .shards import Shard

Clip = tuple[str, int]
"""Content key, and a row of the dataset that has it."""


def keys_of_all_rows(
    dataset: Any, memo_folder: Path, threads: int, state: PartialState, show_progress: bool
) -> list[str | InputError]:
    """Each row's content key, or why its file cannot be read; every process reads its share of the files."""
    total, count, index = len(dataset), state.num_processes, state.process_index
    share = range(total * index // count, total * (index + 1) // count)
    hashes = AudioHashes(memo_folder, writer=str(index))
    keys = clip_keys(dataset, hashes, share, threads)
    return gather_object(list(tqdm(keys, "hashing", len(share), leave=False, unit="clip", disable=not show_progress)))


def plan_batches(
    keys: Sequence[str | InputError], folder: Path, shards: Sequence[Shard], batch_size: int
) -> list[list[Clip]]:
    """Batches of the clips that no shard holds yet.

    The batches are cut from all that the last finished extraction lacked, and only then is left out what the shards
    of an unfinished one hold. So a resumed run forms the batches of the first one, and gets the same rounding.
    """
    finished_names = _finished_shards(folder)
    finished = {key for shard in shards if shard.name in finished_names for key in shard.keys}
    started = {key for shard in shards if shard.name not in finished_names for key in shard.keys}
    lacking: dict[str, int] = {}
    for row, key in enumerate(keys):
        if isinstance(key, str) and key not in finished:
            lacking.setdefault(key, row)
    clips = list(lacking.items())
    batches = [clips[first : first + batch_size] for first in range(0, len(clips), batch_size)]
    remaining = [[clip for clip in batch if clip[0] not in started] for batch in batches]
    return [batch for batch in remaining if batch]


def _finished_shards(folder: Path) -> set[str]:
    try:
        return {shard["name"] for shard in read_manifest(folder).shards}
    except InputError:  # none yet, or damaged: the journals tell all the same what is there
        return set()
