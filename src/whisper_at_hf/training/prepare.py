"""From the arguments of a run to the clips that it trains and scores on, encoded."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

from datasets import Dataset

from ..data import check_duplicates, check_splits, fold_split, holdout_split, infer_problem_type, resolve_labels
from ..errors import InputError
from ..features import content_keys, load_encoder
from ..model.modeling_heads import load_saved_head
from .arguments import DataArguments, HeadArguments
from .audio_dataset import online_training
from .clips import Clips, encode_clips, feature_folder, load_rows
from .distillation import load_teacher
from .fitting import Parts


def split_rows(data: DataArguments, seed: int) -> dict[str, Dataset | None]:
    """`{"train", "validation", "test": rows}`: as given, by fold, or a share of the training clips held out."""
    splits = {"train": data.split, "validation": data.validation_split, "test": data.test_split}
    rows = {part: load_rows(getattr(data, part), data, split) for part, split in splits.items()}
    for part, fold in (("test", data.test_fold), ("validation", data.validation_fold)):
        if fold is None:
            continue
        if rows[part] is not None:
            raise InputError(f"--{part}_fold and --{part} both name {part} data; use one of them.")
        rows["train"], rows[part] = fold_split(rows["train"], fold)
    if rows["validation"] is None and data.validation_share > 0:
        rows["train"], rows["validation"] = holdout_split(rows["train"], data.validation_share, seed)
    return rows


def prepare(
    rows: dict[str, Dataset | None],
    data: DataArguments,
    head: HeadArguments,
    announce: Callable[[str], None] | None = None,
) -> Parts:
    """Labels, features and targets of all parts; raises InputError where they do not belong together."""
    given = [part for part in rows.values() if part is not None]
    labels = run_labels(given, data, head)
    problem_type = data.problem_type or (
        "multi_label_classification" if head.grow else infer_problem_type(rows["train"])
    )
    if len(labels) < 2 and problem_type == "single_label_classification":
        raise InputError(f"All clips have the label '{labels[0]}'; a head needs at least two labels to tell apart.")
    # An own set of labels may know more than the data does; the data's labels all need clips, or a teacher.
    taught = data.teacher is not None
    check = partial(check_splits, labels=labels, allow_empty=head.grow or data.labels is not None, taught=taught)
    notes = check(rows["train"], rows["validation"])
    if head.grow:
        notes = []  # that old labels have no clips is the point
    if rows["test"] is not None:
        check(rows["train"], rows["test"], held_out="test data")
    rows = {part: chosen for part, chosen in rows.items() if chosen is not None}
    keys = distinct_keys(rows, data, show_progress=announce is not None)
    encoder = load_encoder(data.whisper)

    def encode(part: str, window: HeadArguments) -> Clips:
        return encode_clips(rows[part], labels, problem_type, encoder, data, window, announce, keys[part])

    clips = {part: encode(part, head) for part in rows}
    train = [clips["train"]]
    if data.extra_padding is not None:
        train.append(encode("train", replace(head, input_padding=data.extra_padding)))
    if data.teacher is not None:
        for part in train:
            part.teacher = load_teacher(data.teacher, part.rows, labels)
    return Parts(labels, problem_type, encoder, train, clips.get("validation"), clips.get("test"), notes)


def distinct_keys(
    rows: dict[str, Dataset], data: DataArguments, show_progress: bool = False
) -> dict[str, list[str | InputError]]:
    """What each clip of each part sounds like, see `content_keys`. Raises InputError if two parts share a sound.

    Before anything is encoded, which may take hours: only the files' bytes are compared.
    """
    keys = {
        part: content_keys(chosen, feature_folder(data), show_progress=show_progress) for part, chosen in rows.items()
    }
    for one, other in combinations(rows, 2):
        # What cannot be read has no key; it is left out later, with a warning.
        known = [[None if isinstance(key, InputError) else key for key in keys[part]] for part in (one, other)]
        check_duplicates(rows[one], rows[other], *known, f"{one} data", f"{other} data")
    return keys


def run_labels(rows: list[Dataset], data: DataArguments, head: HeadArguments) -> list[str]:
    """The head's labels: as told, else the data's; a grown head keeps all of its own before the new ones."""
    labels = resolve_labels(data.labels, *rows)
    if not head.grow or head.init_head is None:
        return labels
    known = load_saved_head(head.init_head).config.labels
    return [*known, *(label for label in labels if label not in known)]


def online_options(parts: Parts, data: DataArguments) -> dict[str, Any]:
    """What `fit_head` needs to learn from audio instead of the cache, if the run is told to."""
    if not data.on_the_fly:
        return {}
    return online_training(parts, data)
