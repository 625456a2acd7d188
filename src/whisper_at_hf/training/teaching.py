"""Writes down what a teacher says of each clip, for heads to learn from: the file that `load_teacher` reads."""

import csv
import hashlib
import io
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from datasets import Dataset
from tqdm import tqdm

from ..audio.load import load_audio
from ..audio.windows import cut_clip
from ..data.schema import count, first_few
from ..errors import InputError
from ..features.keys import segment
from ..files import make_folder
from .taggers import Tagger

# (path, start, end): what tells clips apart.
Clip = tuple[str, float, float | None]


def teach(
    dataset: Dataset,
    tagger: Tagger,
    output: str | os.PathLike,
    name: str = "",
    labels: Sequence[str] | None = None,
    batch_size: int = 8,
    overwrite: bool = False,
    announce: Callable[[str], None] | None = None,
) -> list[str]:
    """Write the tagger's probabilities for every clip as CSV: `path,start,end,<label>,<label>,...`.

    The file appears when it is complete. Until then its lines are kept beside it, and a run that was stopped goes on
    where it was, if tagger and labels are the same. Clips that cannot be read are left out with a warning.

    Args:
        dataset: rows with `path`, and `start` and `end` (seconds) where clips are parts of files.
        tagger: the teacher.
        output: the CSV file.
        name: tells this tagger from others that have the same labels.
        labels: those to write; by default all that the tagger has.
        batch_size: clips at a time.
        overwrite: replace a file that is there.
        announce: told what is going on; a progress bar is then shown, too.

    Returns:
        why clips were left out, a sentence each.

    Raises:
        InputError: the data has no paths, a label is unknown to the tagger, `output` is there or cannot be written,
            no clip can be read, or the tagger gives no probabilities.
    """
    output = Path(output)
    if "path" not in dataset.column_names:
        raise InputError("A teacher's file names clips by their path; teach on audio files instead of a dataset.")
    if output.exists() and not overwrite:
        raise InputError(f"'{output}' is there already; name another --output, or add --overwrite.")
    places = _places(tagger.labels, labels)
    columns = ["path", "start", "end", *(tagger.labels[place] for place in places)]
    draft = _draft(make_folder(output.absolute().parent) / output.name, name, columns)
    done = _written(draft, columns)
    wanted = list(dict.fromkeys(clip for clip in map(_clip, dataset)))
    left = [clip for clip in wanted if clip not in done]
    if announce:
        known = f", {len(wanted) - len(left)} of them from before" if len(left) < len(wanted) else ""
        announce(f"{count(len(wanted), 'clip')} to be taught, {count(len(places), 'label')}{known}.")
    failures: dict[Clip, str] = {}
    try:
        with (
            draft.open("a", encoding="utf-8", newline="") as file,
            tqdm(desc="teaching", total=len(left), unit="clip", disable=announce is None) as bar,
        ):
            for clips, audio in _batches(left, tagger.sampling_rate, batch_size, failures):
                rows = _probabilities(tagger, audio)[:, places]
                file.write(_lines(clips, rows))
                file.flush()
                bar.update(len(clips))
        if len(failures) == len(wanted):
            draft.unlink()
            raise InputError("None of the clips can be read as audio; check the paths in the data.")
        os.replace(draft, output)
    except OSError as error:
        raise InputError(f"'{output}' cannot be written ({error.strerror}); name another --output.") from error
    if failures:
        listed = first_few([path for path, _, _ in failures])
        warnings.warn(f"{count(len(failures), 'clip')} could not be read and left out: {listed}.", stacklevel=2)
    return list(failures.values())


def _places(known: Sequence[str], labels: Sequence[str] | None) -> list[int]:
    """Where the labels that are wanted stand among the tagger's."""
    numbers = {label: place for place, label in enumerate(known)}
    wanted = list(known) if labels is None else list(labels)
    if missing := [label for label in wanted if label not in numbers]:
        raise InputError(f"The tagger does not know {first_few(missing)}; leave {count(len(missing), 'label')} out.")
    return [numbers[label] for label in wanted]


def _draft(output: Path, name: str, columns: list[str]) -> Path:
    """Where lines are kept until all are there; another tagger, or other labels, have another place."""
    digest = hashlib.sha256("\n".join([name, *columns]).encode()).hexdigest()[:12]
    return output.with_name(f".{output.name}.{digest}.part")


def _written(draft: Path, columns: list[str]) -> set[Clip]:
    """The clips whose lines are complete in the draft; a line that a killed process left torn is cut off."""
    if not draft.exists():
        draft.write_text(_line(columns), encoding="utf-8", newline="")
        return set()
    content = draft.read_text(encoding="utf-8", errors="replace")
    whole = io.StringIO(content[: content.rfind("\n") + 1], newline="")
    rows = [row for row in csv.reader(whole) if len(row) == len(columns)][1:]
    draft.write_text("".join(map(_line, [columns, *rows])), encoding="utf-8", newline="")
    return {(row[0], float(row[1]), float(row[2]) if row[2] else None) for row in rows}


def _clip(row: dict) -> Clip:
    return (os.path.abspath(row["path"]), *segment(row))


def _batches(
    clips: Sequence[Clip], rate: int, size: int, failures: dict[Clip, str]
) -> Iterator[tuple[list[Clip], list[np.ndarray]]]:
    """Up to `size` clips with their sound at a time; why others have none goes into `failures`."""
    batch: list[tuple[Clip, np.ndarray]] = []
    for clip in clips:
        path, start, end = clip
        try:
            audio = cut_clip(load_audio(path, rate), rate, start, end)
        except InputError as error:
            failures[clip] = str(error)
            continue
        if not len(audio):
            failures[clip] = f"'{path}' has no sound from {start:g} s on."
            continue
        batch.append((clip, audio))
        if len(batch) == size:
            yield tuple(map(list, zip(*batch, strict=True)))
            batch = []
    if batch:
        yield tuple(map(list, zip(*batch, strict=True)))


def _probabilities(tagger: Tagger, audio: list[np.ndarray]) -> np.ndarray:
    """`(clips, num_labels)`, checked."""
    values = np.asarray(tagger(audio), dtype=np.float64)
    expected = (len(audio), len(tagger.labels))
    if values.shape != expected or not ((values >= 0) & (values <= 1)).all():
        raise InputError(
            f"The tagger gave an array of shape {values.shape}; it has to give probabilities from 0 to 1, "
            f"here {expected[0]} x {expected[1]}."
        )
    return values


def _lines(clips: list[Clip], rows: np.ndarray) -> str:
    return "".join(
        _line([path, repr(start), "" if end is None else repr(end), *(f"{value:.6g}" for value in row)])
        for (path, start, end), row in zip(clips, rows, strict=True)
    )


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
