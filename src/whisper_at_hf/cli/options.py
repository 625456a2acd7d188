"""The options of `transcribe` and `tag`: their types, and what is made of what users type.

Label names may hold commas ("Waves, surf").
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from .captions import CaptionOptions


class Format(StrEnum):
    """How results are written."""

    txt = "txt"
    json = "json"
    srt = "srt"
    vtt = "vtt"
    ass = "ass"
    tsv = "tsv"
    audacity = "audacity"

    @property
    def suffix(self) -> str:
        """How files of it end; Audacity exports and imports its labels as .txt."""
        return ".txt" if self is Format.audacity else f".{self.value}"


class TagFormat(StrEnum):
    """How results without text are written."""

    txt = "txt"
    json = "json"
    audacity = "audacity"


class Captions(StrEnum):
    """What captions hold."""

    speech = "speech"
    sdh = "sdh"


class Timestamps(StrEnum):
    """Which times are given with the text."""

    none = "none"
    segment = "segment"
    word = "word"


class Task(StrEnum):
    """What Whisper writes."""

    transcribe = "transcribe"
    translate = "translate"


class Mode(StrEnum):
    """How text is decoded."""

    batched = "batched"
    sequential = "sequential"


# A batch is held in memory: beyond this a slip of the keyboard is likelier than a computer that has so much.
MAX_BATCH_SIZE = 4096


def given_path(text: str) -> Path:
    """What was typed as a path. An empty one, such as a variable that is not set, would mean the current folder."""
    if not text:
        raise typer.BadParameter("it is empty; name a folder or a file")
    return Path(text)


def path_option(help: str, **kwargs: Any) -> Any:
    """An option that takes a path; `kwargs` are typer's."""
    return typer.Option(parser=given_path, metavar="PATH", help=help, **kwargs)


Files = Annotated[
    list[str],
    typer.Argument(help="Audio or video files, or URLs; - for standard input, as it comes.", show_default=False),
]
Model = Annotated[
    str | None, typer.Option(help="Folder or hub id of a Whisper-AT model; the embedded one if left out.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if left out.")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
Language = Annotated[str | None, typer.Option(help='Spoken language, "en" or "english"; detected if left out.')]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1, max=MAX_BATCH_SIZE, help="Windows worked on at a time; 16, or 1 for standard input, if left out."
    ),
]
OutputFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="txt for people, json (an object a line), captions (srt, vtt, ass, tsv), or labels for Audacity; as "
        "--output is named, or txt, if left out.",
    ),
]
TagOutputFormat = Annotated[
    TagFormat | None,
    typer.Option(
        "--format",
        help="txt for people, json (an object a line), or labels for Audacity; as --output is named, or txt.",
    ),
]
Output = Annotated[
    Path | None,
    path_option(
        "A folder for one result per file, named as that is, or, where two files have one name, at its path below "
        "their common folder; or a file such as talk.srt; standard output if left out.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Leave out files whose results are in --output, made with the same options."),
]
TimeRes = Annotated[float, typer.Option(help="Seconds a tag window, a multiple of 0.4.")]
Hop = Annotated[
    float | None, typer.Option(help="Seconds between the starts of tag windows, a multiple of 0.4; less overlaps.")
]
TopK = Annotated[int, typer.Option(help="At most this many tags a window.")]
Threshold = Annotated[
    list[str] | None, typer.Option(help="Score from which a tag counts: 0.4 for all, or LABEL=0.4, repeatable.")
]
Labels = Annotated[
    list[str] | None, typer.Option(help='Only these, and what is below them: "Rain;Animal", or repeat it.')
]
Groups = Annotated[
    list[str] | None,
    typer.Option(help='Score these groups of sounds too: "Animal;Human sounds", or repeat the option.'),
]
Heads = Annotated[list[str] | None, typer.Option("--head", help="Name of a head to tag with; repeatable.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no warnings.")]


@dataclass(frozen=True)
class ModelOptions:
    """Which model, where and how it computes."""

    model: str | None
    device: str | None
    dtype: str


@dataclass(frozen=True)
class OutputOptions:
    """Where results go, and what else is shown."""

    output_format: Format
    output: Path | None
    quiet: bool
    captions: CaptionOptions = CaptionOptions()
    resume: bool = False


@dataclass(frozen=True)
class TypedTagOptions:
    """The tag options as typed; the pipeline's `TagOptions` holds what they stand for."""

    at_time_res: float
    at_hop: float | None
    top_k: int
    threshold: list[str] | None
    labels: list[str] | None
    groups: list[str] | None
    heads: list[str] | None

    def parameters(self, known: set[str]) -> dict[str, Any]:
        """The parameters of the pipeline's call, where `known` are the labels of the model.

        Raises:
            InputError: a threshold or labels that cannot be read.
        """
        return {
            "at_time_res": self.at_time_res,
            "at_hop": self.at_hop,
            "top_k": self.top_k,
            "threshold": parse_threshold(self.threshold),
            "labels": parse_labels(self.labels, known),
            "groups": parse_labels(self.groups, known, "--groups"),
            "heads": self.heads or None,
        }


def generate_parameters(language: str | None, task: Task) -> dict[str, str]:
    """What `generate` is told of the options as typed; what was left out is the model's to decide."""
    told = {} if language is None else {"language": language}
    return told if task is Task.transcribe else {**told, "task": task.value}


def chosen_format(given: StrEnum | None, output: Path | None, formats: type[StrEnum]) -> Format:
    """The format that was given, or else that which the output is named for, or text.

    Raises:
        InputError: the output is named for a format that is not one of `formats`.
    """
    if given is not None:
        return Format(given.value)
    named = next((form for form in Format if output is not None and output.suffix == form.suffix), Format.txt)
    if named.value not in [form.value for form in formats]:
        raise InputError(f"'{output}' is named for a format of text; without text there is {', '.join(formats)}.")
    return named


def parse_labels(values: list[str] | None, known: set[str], option: str = "--labels") -> list[str] | None:
    """Label names out of `--labels` values: one name each, or several joined by ";" or ",".

    A name with a comma is taken whole where the model knows it; unknown names are left for the model to report.

    Raises:
        InputError: values without a name.
    """
    if not values:
        return None
    labels = []
    for value in values:
        for part in value.split(";"):
            labels += _split_by_comma(part, known)
    if not labels:
        raise InputError(f"{option} names no label; leave it out{' for all labels' if option == '--labels' else ''}.")
    return labels


def _split_by_comma(text: str, known: set[str]) -> list[str]:
    pieces = [piece.strip() for piece in text.split(",")]
    found = []
    while pieces:
        lengths = range(len(pieces), 0, -1)
        taken = next((n for n in lengths if ", ".join(pieces[:n]) in known), 1)
        found.append(", ".join(pieces[:taken]))
        pieces = pieces[taken:]
    return [name for name in found if name]


def parse_threshold(values: list[str] | None) -> float | dict[str, float] | None:
    """`--threshold 0.4` for all labels, or `--threshold "Rain=0.6"`, repeatable, for some.

    Raises:
        InputError: a value that is neither, or a mix of both.
    """
    if not values:
        return None
    if len(values) == 1 and "=" not in values[0]:
        return _number(values[0], values[0])
    thresholds = {}
    for value in values:
        label, equals, number = value.rpartition("=")
        if not equals or not label.strip():
            raise InputError(f"--threshold {value!r} is not LABEL=NUMBER; give one number, or LABEL=NUMBER each time.")
        thresholds[label.strip()] = _number(number, value)
    return thresholds


def _number(text: str, value: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"--threshold {value!r} holds no number; write for instance 0.4 or Rain=0.4.") from None
