"""The one form that all loaders give: a `datasets.Dataset` of clips with known columns."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, Features, List, Value

from ..errors import InputError, first_line
from ..labels import audioset_labels, audioset_mids

# Columns besides `audio`; `start` and `end` bound the clip within its file, in seconds, null where it has no bound.
FEATURES = Features(
    {
        "path": Value("string"),
        "labels": List(Value("string")),
        "fold": Value("string"),
        "start": Value("float64"),
        "end": Value("float64"),
    }
)
ROWS_PER_BATCH = 50_000
ROWS_OF_AUDIO = 100  # they may hold whole files
NAMED_AT_MOST = 5

# Called once with the files that are not there, if any; their clips are left out unless it raises.
OnMissing = Callable[[list[str]], Any]


def refuse_missing(paths: list[str]) -> None:
    """The `on_missing` that stops loading.

    Raises:
        InputError: always; it counts the files and names the first ones.
    """
    raise InputError(
        f"{count(len(paths), 'clip')} not found ({first_few(paths)}): correct the paths, or take these clips out "
        "(whisper-at train --skip_missing does)."
    )


def warn_missing(paths: list[str]) -> None:
    """The `on_missing` that leaves the clips out, with a `UserWarning` that counts them and names the first."""
    warnings.warn(f"{count(len(paths), 'clip')} not found and left out: {first_few(paths)}.", stacklevel=2)


def build_dataset(rows: Iterable[dict], columns: Sequence[str]) -> Dataset:
    """Build the dataset from dicts with the keys `columns`, batch by batch: millions of rows need little memory."""
    schema = Features({name: FEATURES[name] for name in columns}).arrow_schema
    rows = iter(rows)
    batches: Iterator[list[dict]] = iter(lambda: list(islice(rows, ROWS_PER_BATCH)), [])
    return Dataset(pa.Table.from_batches((pa.RecordBatch.from_pylist(batch, schema) for batch in batches), schema))


def only_existing(clips: Iterable[dict], missing: list[str]) -> Iterator[dict]:
    """The clips whose file exists; the paths of the others are appended to `missing`."""
    for clip in clips:
        if os.path.isfile(clip["path"]):
            yield clip
        else:
            missing.append(clip["path"])


def settle_missing(dataset: Dataset, missing: list[str], source: str, on_missing: OnMissing) -> Dataset:
    """The dataset of the clips that were found, once `on_missing` agreed to go on without the others.

    Raises:
        InputError: no clip is left, or what `on_missing` raises.
    """
    if not len(dataset):
        found_none = f"None of its {count(len(missing), 'clip')} was found ({first_few(missing)}): check the folder"
        raise InputError(f"{source}: {found_none if missing else 'there are no clips in it: add some'}.")
    if missing:
        on_missing(missing)
    return dataset


def audio_source(row: dict) -> str | bytes:
    """What `whisper_at_hf.audio.load_audio` takes, for one row of a dataset: a path, or the bytes of a file."""
    if "path" in row:
        return row["path"]
    audio = row["audio"]
    return audio["path"] if audio["bytes"] is None else audio["bytes"]


def label_lists(dataset: Dataset) -> list[list[str]]:
    """The labels of every clip, in order.

    Raises:
        InputError: the dataset comes from none of our loaders.
    """
    if "labels" not in dataset.column_names:
        columns = ", ".join(dataset.column_names)
        raise InputError(f'The dataset has no column "labels" (only {columns}): load it with load_data.')
    return dataset["labels"][:]


def clip_names(dataset: Dataset) -> list[str]:
    """How to call every clip in messages: its path, or its number where it has none."""
    if "path" in dataset.column_names:
        paths = dataset["path"][:]
    else:
        paths = [path for path, _ in embedded_audio(dataset)]
    return [path or f"clip {number}" for number, path in enumerate(paths)]


def embedded_audio(dataset: Dataset) -> Iterator[tuple[str | None, bool]]:
    """Yield the path of every row's audio, if it has one, and whether the file's bytes are in the dataset."""
    for batch in dataset.select_columns(["audio"]).with_format("arrow").iter(ROWS_OF_AUDIO):
        audio = batch["audio"]
        paths = pc.struct_field(audio, "path").to_pylist()
        yield from zip(paths, pc.is_valid(pc.struct_field(audio, "bytes")).to_pylist(), strict=True)


def replace_labels(dataset: Dataset, labels: list[list[str]]) -> Dataset:
    """The dataset with these labels instead of its own."""
    return dataset.remove_columns("labels").add_column("labels", labels, feature=FEATURES["labels"])


@cache
def _audioset_names() -> dict[str, str]:
    return dict(zip(audioset_mids(), audioset_labels(), strict=True))


def display_name(label: str) -> str:
    """The name of a label given as AudioSet's machine id ("/m/09x0r" is "Speech"); any other label as it is."""
    return _audioset_names().get(label, label)


def unreadable(path: str, error: OSError) -> InputError:
    """The error to raise for a file or folder that the system does not let us read."""
    return InputError(f"{path!r} cannot be read ({error.strerror or first_line(error)}): check the path.")


def first_few(names: Sequence[str]) -> str:
    """The first names, quoted, for messages."""
    return ", ".join(repr(name) for name in names[:NAMED_AT_MOST]) + (", ..." if len(names) > NAMED_AT_MOST else "")


def count(number: int, noun: str) -> str:
    """`1 clip`, `2 clips`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
