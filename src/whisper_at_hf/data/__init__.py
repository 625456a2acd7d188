"""Labelled clips from any source, in one form, and what training asks of them."""

from .audioset import load_audioset
from .checks import check_duplicates, check_splits
from .csv_files import load_csv
from .esc import load_esc
from .folders import load_folder
from .hub import load_hub
from .label_sets import infer_problem_type, resolve_labels, targets
from .ontology import group_labels, label_groups
from .schema import OnMissing, audio_source, clip_names, refuse_missing, warn_missing
from .sources import load_data
from .splits import assign_folds, fold_split, folds, holdout_split, join_folds

__all__ = [
    "OnMissing",
    "assign_folds",
    "audio_source",
    "check_duplicates",
    "check_splits",
    "clip_names",
    "fold_split",
    "folds",
    "group_labels",
    "holdout_split",
    "infer_problem_type",
    "label_groups",
    "join_folds",
    "load_audioset",
    "load_csv",
    "load_data",
    "load_esc",
    "load_folder",
    "load_hub",
    "refuse_missing",
    "resolve_labels",
    "targets",
    "warn_missing",
]
