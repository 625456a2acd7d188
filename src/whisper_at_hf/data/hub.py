"""Clips from any dataset of the `datasets` library: on the hub, saved to disk, or in memory."""

import os
from typing import Any

from datasets import (
    Audio,
    ClassLabel,
    Dataset,
    DatasetDict,
    LargeList,
    List,
    Value,
    load_dataset,
    load_from_disk,
)

from ..errors import InputError, first_line
from .csv_files import LABEL_COLUMNS, PATH_COLUMNS
from .schema import (
    FEATURES,
    OnMissing,
    build_dataset,
    display_name,
    embedded_audio,
    only_existing,
    refuse_missing,
    settle_missing,
)

SAVED_FILES = ("state.json", "dataset_dict.json")  # written by Dataset.save_to_disk and DatasetDict.save_to_disk


def load_hub(
    source: str | os.PathLike | Dataset | DatasetDict,
    split: str | None = None,
    subset: str | None = None,
    audio_column: str | None = None,
    label_column: str | None = None,
    fold_column: str | None = None,
    on_missing: OnMissing = refuse_missing,
) -> Dataset:
    """Load a dataset of the `datasets` library. Its audio stays encoded; no torchcodec is needed.

    Args:
        source: an id on the hub such as "ashraq/esc50", a folder written by `save_to_disk`, or the dataset itself.
        split: the split to load; may be left out where there is only one.
        subset: the configuration of a dataset on the hub that has several.
        audio_column: of type Audio, or file paths; by default the first of type Audio, else "path", "file", ...
        label_column: of type ClassLabel, str or int, or lists of these; by default "label", "labels", "category", ...
        fold_column: by default "fold", if there is one.
        on_missing: called with the list of files that do not exist, or rows without audio, see `load_csv`.

    Returns:
        a dataset with the columns `audio` (`{"path", "bytes"}`) or `path` (absolute, where the data has paths),
        `labels`, and `fold`, `start`, `end` (seconds) where the data has them.

    Raises:
        InputError: the dataset cannot be loaded, a split must be chosen, a column is missing or of a wrong type,
            a clip has no label; clips are missing and `on_missing` refuses.
    """
    name = repr(os.fspath(source)) if isinstance(source, str | os.PathLike) else "The dataset"
    dataset = _open(source, split, subset, name)
    audio = _audio_column(dataset, audio_column, name)
    labels = _usual_column(dataset, label_column, LABEL_COLUMNS, "labels", "label_column", name)
    extra: dict[str, list] = {"labels": _label_lists(dataset, labels, name)}
    if fold_column is not None or "fold" in dataset.column_names:
        fold = _usual_column(dataset, fold_column, ("fold",), "folds", "fold_column", name)
        extra["fold"] = _folds(dataset, fold, name)
    extra |= {key: dataset[key][:] for key in ("start", "end") if _is_number(dataset.features.get(key))}
    missing: list[str] = []
    clips = _with_audio(dataset, audio, extra, missing)
    return settle_missing(clips, missing, name, on_missing)


def _open(source: Any, split: str | None, subset: str | None, name: str) -> Dataset:
    if not isinstance(source, str | os.PathLike):
        return _one_split(source, split, name)
    saved = is_saved_dataset(source)
    try:
        dataset = load_from_disk(source) if saved else load_dataset(os.fspath(source), name=subset, split=split)
    except (OSError, ValueError, RuntimeError) as error:
        # OSError holds the hub's errors of connection and of names that do not exist.
        raise InputError(
            f"{name} could not be loaded as a dataset ({first_line(error)}): check the name and the connection, or "
            "pass a CSV file or a folder."
        ) from error
    return _one_split(dataset, split if saved else None, name)


def is_saved_dataset(folder: str | os.PathLike) -> bool:
    """Whether `save_to_disk` of the `datasets` library wrote a folder."""
    return any(os.path.isfile(os.path.join(folder, file)) for file in SAVED_FILES)


def _one_split(dataset: Any, split: str | None, name: str) -> Dataset:
    if isinstance(dataset, DatasetDict):
        if split is None and len(dataset) == 1:
            return next(iter(dataset.values()))
        if split not in dataset:
            problem = "several splits" if split is None else f"no split {split!r}"
            raise InputError(f"{name} has {problem}: choose one of {', '.join(dataset)} with split=.")
        return dataset[split]
    if not isinstance(dataset, Dataset):
        raise InputError(f"{name} is a {type(dataset).__name__}: pass a datasets.Dataset, DatasetDict or its name.")
    if split not in (None, str(dataset.split)):
        raise InputError(f"{name} has no splits to choose {split!r} from: leave out the split.")
    return dataset


def _audio_column(dataset: Dataset, chosen: str | None, name: str) -> str:
    typed = [column for column, feature in dataset.features.items() if isinstance(feature, Audio)]
    if chosen is None and typed:
        return typed[0]
    column = _usual_column(dataset, chosen, ("audio", *PATH_COLUMNS), "audio", "audio_column", name)
    feature = dataset.features[column]
    if column not in typed and feature != Value("string") and not _is_encoded_audio(feature):
        raise InputError(f"Column {column!r} of {name} holds neither audio nor paths, but {feature}: choose another.")
    return column


def _is_encoded_audio(feature: Any) -> bool:
    return isinstance(feature, dict) and feature.keys() == {"bytes", "path"}


def _usual_column(
    dataset: Dataset, chosen: str | None, usual: tuple[str, ...], content: str, argument: str, name: str
) -> str:
    column = chosen if chosen is not None else next((one for one in usual if one in dataset.features), None)
    if column not in dataset.features:
        columns = ", ".join(dataset.features)
        problem = f"has no column {chosen!r}" if chosen is not None else f"has no column that looks like {content}"
        raise InputError(f"{name} {problem}: set {argument} to one of {columns}.")
    return column


def _label_lists(dataset: Dataset, column: str, name: str) -> list[list[str]]:
    feature = dataset.features[column]
    several = isinstance(feature, List | LargeList)
    kind = feature.feature if several else feature
    if not isinstance(kind, ClassLabel) and not (
        isinstance(kind, Value) and (kind.dtype == "string" or _is_integer(kind))
    ):
        raise InputError(f"Column {column!r} of {name} holds no labels, but {feature}: choose another label_column.")
    lists = []
    for number, value in enumerate(dataset[column]):
        values = [label for label in (value if several else [value]) or [] if label not in (None, "")]
        # The hub marks clips without a published label by -1.
        if not values or (isinstance(kind, ClassLabel) and -1 in values):
            raise InputError(f"{name}: row {number} has no label in column {column!r}: give it one or remove the row.")
        texts = kind.int2str(values) if isinstance(kind, ClassLabel) else map(str, values)
        lists.append(list(dict.fromkeys(map(display_name, texts))))
    return lists


def _folds(dataset: Dataset, column: str, name: str) -> list[str]:
    feature, values = dataset.features[column], dataset[column][:]
    if None in values:
        raise InputError(f"{name}: row {values.index(None)} has no fold in column {column!r}: fill it in.")
    return feature.int2str(values) if isinstance(feature, ClassLabel) else [str(value) for value in values]


def _is_integer(feature: Any) -> bool:
    return isinstance(feature, Value) and feature.dtype.startswith(("int", "uint"))


def _is_number(feature: Any) -> bool:
    return _is_integer(feature) or (isinstance(feature, Value) and feature.dtype.startswith("float"))


def _with_audio(dataset: Dataset, column: str, extra: dict[str, list], missing: list[str]) -> Dataset:
    """The dataset of the rows whose audio is there, with the columns `extra`; the others are added to `missing`."""
    if dataset.features[column] == Value("string"):
        paths = (os.path.abspath(path) if path else f"row {row}" for row, path in enumerate(dataset[column]))
        columns = {"path": paths, **extra}
        rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
        return build_dataset(only_existing(rows, missing), list(columns))
    clips = (
        dataset.select_columns([column]).rename_columns({column: "audio"}).cast_column("audio", Audio(decode=False))
    )
    for key, values in extra.items():
        clips = clips.add_column(key, values, feature=FEATURES[key])
    found = []
    for row, (path, embedded) in enumerate(embedded_audio(clips)):
        if embedded or os.path.isfile(path or ""):
            found.append(row)
        else:
            missing.append(path or f"row {row}")
    return clips.select(found) if missing else clips
