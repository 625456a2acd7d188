"""`extract_features`: encode every clip of a dataset once, by one process or many, and never twice."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from filelock import FileLock, Timeout
from tqdm import tqdm

from ..data import clip_names
from ..data.schema import count
from ..errors import InputError
from ..files import make_folder
from .cache import FeatureCache
from .encoder import Encoder, load_encoder
from .keys import AudioHashes, clip_keys
from .parallel import DEFAULT_THREADS, map_ahead, process_state
from .reader import ClipReader, EncoderInput, cut_features
from .spec import FeatureSpec, estimate_bytes
from .store import Shard, ShardWriter, read_manifest, read_shard, repair_shards, shard_names, write_manifest

# Content key, and a row of the dataset that has it.
Clip = tuple[str, int]


_ANOTHER_FOLDER = "name another cache folder"


def extract_features(
    dataset: Any,
    whisper: str | os.PathLike | Encoder | None,
    cache_dir: str | os.PathLike,
    window_length_s: float = 10.0,
    padding: str = "trim",
    batch_size: int = 8,
    dtype: str = "float32",
    device: str | None = None,
    threads: int = DEFAULT_THREADS,
    verify: bool = False,
    announce: Callable[[str], Any] | None = None,
    keys: Sequence[str | InputError] | None = None,
) -> FeatureCache:
    """The feature cache of a dataset: what it lacks is encoded, what is there already is not.

    Killed at any moment and started again with the same arguments, it goes on where it was and ends with the same
    features. Another process that extracts into the same cache is waited for. Under `accelerate launch` each process
    encodes its share; `cache_dir` must be one that all of them see. Rows that cannot be read are listed in the cache's
    `failures`; the next call tries them again.

    Args:
        dataset: a `datasets.Dataset` as `whisper_at_hf.data` gives.
        whisper: what `load_encoder` takes, or an `Encoder`.
        cache_dir: holds one folder for each spec, so that one directory serves all encoders and windows.
        window_length_s: seconds of audio a clip, a multiple of 0.4.
        padding: "trim", "pad" or "context", see `FeatureSpec`.
        batch_size: clips encoded at a time.
        dtype: what the encoder computes in, "float32", "bfloat16" or "float16"; an `Encoder` has its own.
        device: of the encoder; by default accelerate's choice.
        threads: that read and decode audio while the encoder works.
        verify: compare the checksums of what is there already, and encode anew what is damaged.
        announce: called with a line before and one after the work, by the main process, which then also shows a
            progress bar; None for silence.
        keys: what `content_keys` gave for this dataset and `cache_dir`, where that was asked already.

    Raises:
        InputError: bad arguments, a broken Whisper, too little room on the disk.
    """
    if batch_size < 1 or threads < 1:
        raise InputError(f"batch_size={batch_size} and threads={threads} must be at least 1.")
    state = process_state()
    encoder = whisper if isinstance(whisper, Encoder) else load_encoder(whisper, dtype)
    spec = encoder.spec(window_length_s, padding)
    folder = make_folder(Path(cache_dir) / spec.folder_name, _ANOTHER_FOLDER)
    say = announce if announce is not None and state.is_main_process else None
    with _sole_writer(folder, state, say):
        shards = _sound_shards(folder, spec, verify, state)
        if keys is None:
            keys = content_keys(dataset, cache_dir, threads, say is not None)
        batches = plan_batches(keys, folder, shards, batch_size)
        clips = sum(map(len, batches))
        _check_room(folder, spec, clips)
        if say:
            size = estimate_bytes(spec, clips) / 1e6
            say(f"{count(len(dataset), 'clip')}, {clips} to encode: {size:.1f} MB in '{folder}'.")
        started = time.perf_counter()
        reader = ClipReader(dataset, encoder.to(device or state.device), spec)
        prefix = f"shard-{_next_run(shards):05d}-{state.process_index:04d}"
        with ShardWriter(folder, prefix, spec) as writer:
            share = batches[state.process_index :: state.num_processes]
            with _progress(share, state, say is not None) as bar:
                unread = gather_object(list(_encode(share, reader, encoder, writer, threads, bar)))
        seconds = time.perf_counter() - started
        if state.is_main_process:
            written = [read_shard(folder, name) for name in shard_names(folder)]
            write_manifest(folder, spec, written, _failures(dataset, keys, dict(unread)))
        state.wait_for_everyone()
    if say and clips:
        encoded = clips - len(unread)
        say(f"Encoded {count(encoded, 'clip')} in {seconds:.1f} s, {encoded / seconds:.1f} clips/s.")
    return FeatureCache(folder)


@contextmanager
def _sole_writer(folder: Path, state: PartialState, say: Callable[[str], Any] | None) -> Iterator[None]:
    """Waits for other extractions, whose unfinished shards would pass for torn ones, and keeps them away."""
    if not state.is_main_process:
        yield
        return
    lock = FileLock(folder / ".lock")
    if Path(lock.lock_file).is_symlink():  # older filelocks empty what it leads to
        raise InputError(f"'{lock.lock_file}' is a link: delete it, or {_ANOTHER_FOLDER}.")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if say:
            say(f"Waiting for another process that extracts into '{folder}'.")
        lock.acquire()
    except OSError as error:
        raise InputError(f"'{folder}' cannot be written ({error.strerror}): name another cache folder.") from error
    try:
        yield
    finally:
        lock.release()


def _sound_shards(folder: Path, spec: FeatureSpec, verify: bool, state: PartialState) -> list[Shard]:
    """The shards that are there, after what earlier runs left torn was cut off."""
    if state.is_main_process:
        repair_shards(folder, spec, verify)
    state.wait_for_everyone()
    shards = [read_shard(folder, name) for name in shard_names(folder)]
    state.wait_for_everyone()  # nobody writes before all have read
    return shards


def _next_run(shards: list[Shard]) -> int:
    return 1 + max((int(shard.name.split("-")[1]) for shard in shards), default=0)


def _check_room(folder: Path, spec: FeatureSpec, clips: int) -> None:
    needed, free = estimate_bytes(spec, clips), shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"'{folder}' has {free / 1e9:.2f} GB free, but the features of {clips} clips need {needed / 1e9:.2f} GB: "
            "make room or name a cache folder on another disk."
        )


def _progress(batches: list[list[Clip]], state: PartialState, show: bool) -> tqdm:
    """A bar with clips/s and the time left, over the clips of this process."""
    share = f" (process 1 of {state.num_processes})" if state.num_processes > 1 else ""
    return tqdm(desc=f"encoding{share}", total=sum(map(len, batches)), unit="clip", smoothing=0.05, disable=not show)


def _encode(
    batches: list[list[Clip]],
    reader: ClipReader,
    encoder: Encoder,
    writer: ShardWriter,
    threads: int,
    bar: tqdm,
) -> Iterator[tuple[str, str]]:
    """Encodes and writes the batches; yields the key of each clip that cannot be read, and the reason."""

    def read(batch: list[Clip]) -> tuple[dict[int, str], EncoderInput]:
        return {row: key for key, row in batch}, reader([row for _, row in batch])

    for keys, prepared in map_ahead(read, batches, threads):
        if prepared.rows:
            features = cut_features(encoder(prepared.windows), prepared.cuts, reader.spec)
            writer.append([keys[row] for row in prepared.rows], features)
        yield from ((keys[row], reason) for row, reason in prepared.failures.items())
        bar.update(len(keys))


def _failures(dataset: Any, keys: list[str | InputError], unread: dict[str, str]) -> list[dict]:
    """`{"path", "reason"}` of every row without features, in the dataset's order."""
    reasons = {row: str(key) for row, key in enumerate(keys) if isinstance(key, InputError)}
    reasons.update((row, unread[key]) for row, key in enumerate(keys) if key in unread)
    names = clip_names(dataset) if reasons else []
    return [{"path": names[row], "reason": reason} for row, reason in sorted(reasons.items())]


def content_keys(
    dataset: Any, cache_dir: str | os.PathLike, threads: int = DEFAULT_THREADS, show_progress: bool = False
) -> list[str | InputError]:
    """What each row of a dataset sounds like, as a hash, or why its file cannot be read; no encoder is needed.

    Every process reads its share of the files. Files that have not changed since they were last hashed are known from
    `cache_dir`, which is that of `extract_features`.

    Raises:
        InputError: `cache_dir` cannot be made.
    """
    state = process_state()
    total, count, index = len(dataset), state.num_processes, state.process_index
    share = range(total * index // count, total * (index + 1) // count)
    hashes = AudioHashes(make_folder(Path(cache_dir), _ANOTHER_FOLDER), writer=str(index))
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
