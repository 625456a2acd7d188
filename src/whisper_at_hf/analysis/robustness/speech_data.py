"""Transcribed speech: a CSV file, or LibriSpeech's own folders."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...data.csv_files import PATH_COLUMNS, read_cells, read_header
from ...data.schema import first_few
from ...data.sources import LABELS_FILE
from ...errors import InputError

TRANSCRIPT_COLUMNS = ("transcript", "text", "sentence", "transcription")
# LibriSpeech, https://www.openslr.org/12: SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt beside the recordings.
_TRANSCRIPTS = "*.trans.txt"
_SUFFIXES = (".flac", ".wav", ".ogg", ".mp3", ".opus", ".m4a")


@dataclass(frozen=True)
class Utterance:
    """A recording of one sentence or so.

    Attributes:
        name: its path below the data's folder, without the suffix.
        path: of the file.
        transcript: what is said.
        speaker: who says it; empty if unknown.
    """

    name: str
    path: str
    transcript: str
    speaker: str = ""


def load_speech(source: str | os.PathLike) -> list[Utterance]:
    """All utterances, in the order of their names. Whether their audio can be read shows when it is.

    Args:
        source: a CSV file with the columns `path` and `transcript`, and `speaker` if known, its paths relative to
            its folder; a folder with such a file named labels.csv; or a folder of LibriSpeech.

    Raises:
        InputError: nothing of that kind is there, or an utterance lacks its transcript.
    """
    path = Path(source)
    if path.is_dir() and (path / LABELS_FILE).is_file():
        path = path / LABELS_FILE
    if path.is_file():
        utterances = list(_from_csv(path))
    elif path.is_dir():
        utterances = list(_from_librispeech(path))
    else:
        raise InputError(f"'{path}' does not exist; pass a CSV file, or a folder of LibriSpeech.")
    if not utterances:
        raise InputError(
            f"'{path}' holds no transcribed speech; pass a CSV file with the columns path and transcript, a folder "
            f"with one named {LABELS_FILE}, or a folder of LibriSpeech with its .trans.txt files."
        )
    counts = Counter(utterance.path for utterance in utterances)
    if twice := [path for path, count in counts.items() if count > 1]:
        raise InputError(f"'{source}' lists {first_few(twice)} more than once; leave one line for each recording.")
    return sorted(utterances, key=lambda utterance: utterance.name)


def _from_csv(path: Path) -> Iterator[Utterance]:
    header = read_header(str(path))
    audio = _column(header, PATH_COLUMNS, path)
    text = _column(header, TRANSCRIPT_COLUMNS, path)
    for where, cells in read_cells(str(path)):
        for column in (audio, text):
            if not cells[column]:
                raise InputError(f"{where}: the {column} is empty; fill in the cell or delete the line.")
        name = os.path.splitext(cells[audio])[0]
        yield Utterance(name, str(path.parent.absolute() / cells[audio]), cells[text], cells.get("speaker", ""))


def _column(header: list[str], usual: tuple[str, ...], path: Path) -> str:
    found = next((name for name in usual if name in header), None)
    if found is None:
        raise InputError(f"'{path}' has no column {usual[0]!r}, only {', '.join(header)}; rename one.")
    return found


def _from_librispeech(folder: Path) -> Iterator[Utterance]:
    missing = []
    for transcripts in sorted(folder.rglob(_TRANSCRIPTS)):
        for line in _lines(transcripts):
            name, _, transcript = line.partition(" ")
            if not transcript.strip():
                raise InputError(f"'{transcripts}': {name} has no transcript; get the file again.")
            path = next((path for path in _recordings(transcripts.parent, name) if path.is_file()), None)
            if path is None:
                missing.append(str(transcripts.parent / name))
                continue
            place = path.relative_to(folder).with_suffix("").as_posix()
            yield Utterance(place, str(path.absolute()), transcript.strip(), speaker=name.split("-")[0])
    if missing:
        raise InputError(
            f"{len(missing)} recordings have a transcript but no file ({first_few(missing)}); get the whole archive."
        )


def _recordings(folder: Path, name: str) -> Iterator[Path]:
    return (folder / (name + suffix) for suffix in _SUFFIXES)


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' cannot be read as text; get the file again.") from error
