"""Clips sorted into one folder a class, and the search for audio files in folders."""

import os
from collections.abc import Iterator

from datasets import Dataset

from ..errors import InputError
from .schema import build_dataset, count, display_name, first_few, unreadable

# Audio and video containers that FFmpeg's libraries read.
AUDIO_SUFFIXES = frozenset(
    ".aac .ac3 .aif .aifc .aiff .amr .au .caf .flac .m4a .m4b .m4v .mka .mkv .mov .mp2 .mp3 .mp4 .mpeg .mpg .oga .ogg "
    ".opus .sph .ts .w64 .wav .weba .webm .wma .wv".split()
)
SPLIT_NAMES = frozenset(("train", "training", "validation", "valid", "val", "dev", "eval", "test", "testing"))


def load_folder(path: str | os.PathLike) -> Dataset:
    """Load a folder that holds one folder per class; what lies deeper in it belongs to the class too.

    Files are told by their suffix; hidden files and folders, and files of other kinds, are not looked at.

    Args:
        path: the folder.

    Returns:
        a dataset with the columns `path` (absolute) and `labels` (one, the name of the class's folder), sorted.

    Raises:
        InputError: the folder cannot be read, holds no class folders, one without audio files, audio files outside
            of them, or only folders named as splits (train, test, ...).
    """
    root = os.path.abspath(path)
    classes = _class_folders(root)
    if classes and SPLIT_NAMES.issuperset(name.lower() for name in classes):
        raise InputError(f"{root!r} holds splits ({', '.join(classes)}), not classes: pass one of these folders.")
    if not classes:
        raise InputError(f"{root!r} has no folder per class and no labels.csv: add one of them.")
    files = {name: sorted(audio_files(os.path.join(root, name))) for name in classes}
    if empty := [name for name in classes if not files[name]]:
        raise InputError(f"No audio files in these folders of {root!r}: {first_few(empty)}; add some.")
    clips = ({"path": file, "labels": [display_name(name)]} for name in classes for file in files[name])
    return build_dataset(clips, ["path", "labels"])


def audio_files(folder: str) -> Iterator[str]:
    """Yield the paths of all audio files in a folder and the folders in it, hidden ones left out.

    Raises:
        InputError: a folder cannot be read.
    """
    for entry in _entries(folder):
        if entry.is_dir():
            yield from audio_files(entry.path)
        elif is_audio_file(entry.name):
            yield entry.path


def is_audio_file(name: str) -> bool:
    """Whether a file's name ends as those of audio or video files do."""
    return os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES


def _class_folders(root: str) -> list[str]:
    entries = _entries(root)
    if stray := sorted(entry.name for entry in entries if entry.is_file() and is_audio_file(entry.name)):
        raise InputError(
            f"{count(len(stray), 'audio file')} in {root!r} outside of class folders ({first_few(stray)}): move them."
        )
    return sorted(entry.name for entry in entries if entry.is_dir())


def _entries(folder: str) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise unreadable(folder, error) from error
