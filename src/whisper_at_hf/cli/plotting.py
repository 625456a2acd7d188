"""The command `whisper-at plot`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..audio import load_audio
from ..captions.result_checks import check_result
from ..conversion.default_model import default_model_path
from ..errors import InputError, first_line
from ..pictures import plot as plot_result
from ..pictures.contents import MAX_LABELS
from ..pictures.plotting import is_page_path
from ..pictures.sound import SAMPLING_RATE
from ..pipeline.loading import check_language, load_pipeline
from .extras import need_extra
from .options import BatchSize, Device, Dtype, Language, Model, Quiet, path_option
from .support import calm_transformers, print_written

plotting_app = typer.Typer()

# What a picture shows, of what the pipeline can give.
SHOWN = {"return_timestamps": True, "return_events": True, "return_event_scores": True}


class Kind(StrEnum):
    """How the sound is drawn."""

    log_mel = "log-mel"
    waveform = "waveform"


@plotting_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at plot talk.mp3 --output talk.html\n\n"
    "whisper-at plot street.wav --output street.png --kind waveform --max-labels 6\n\n"
    "whisper-at plot talk.mp3 --result talk.json --output talk.svg"
)
def plot(
    file: Annotated[str, typer.Argument(help="Audio or video file, or URL.", show_default=False)],
    output: Annotated[
        Path, path_option("A .png or .svg picture, or a .html page that plays the sound.", show_default=False)
    ],
    result: Annotated[
        Path | None,
        path_option("JSON of transcribe or tag --format json for the file, instead of running the model."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Above it all; the file's name if left out.")] = None,
    kind: Annotated[Kind, typer.Option(help="How pictures show the sound.")] = Kind.log_mel,
    max_labels: Annotated[int, typer.Option(min=1, help="Most rows of scores, and of events.")] = MAX_LABELS,
    model: Model = None,
    device: Device = None,
    dtype: Dtype = "auto",
    language: Language = None,
    batch_size: BatchSize = None,
    quiet: Quiet = False,
) -> None:
    """Draw what was said and heard over time, as a picture or as a page to listen and click through."""
    calm_transformers(quiet)
    if not is_page_path(output):
        need_extra("plot")
    read = None if result is None else read_result(result, file)
    samples = load_audio(file, SAMPLING_RATE)
    if read is None:
        pipe = load_pipeline(model or str(default_model_path()), device, dtype)
        generate_kwargs = {} if language is None else {"language": language}
        check_language(pipe, generate_kwargs)
        sizes = {} if batch_size is None else {"batch_size": batch_size}
        sound = {"raw": samples, "sampling_rate": SAMPLING_RATE}
        read = pipe(sound, **SHOWN, **sizes, generate_kwargs=generate_kwargs)
    name = Path(file.rstrip("/")).name if title is None else title
    written = plot_result(read, output, samples, title=name, max_labels=max_labels, kind=kind.value)
    if not quiet:
        print_written(written)


def read_result(path: Path, file: str) -> dict[str, Any]:
    """The result of a file in what `--format json` writes: one JSON object, or a line with one for each file.

    Raises:
        InputError: it cannot be read, is no such JSON, holds many results and none of that file, or no result.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors start files with a byte order mark
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is no text; pass what whisper-at transcribe --format json wrote.") from None
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); check --result.") from error
    results = _objects(path, text)
    own = results if len(results) == 1 else [result for result in results if result.get("file") == file]
    if len(own) != 1:
        raise InputError(f"'{path}' holds {len(results)} results, {len(own)} of them of '{file}'; keep one.")
    try:
        check_result(own[0])
    except InputError as error:
        raise InputError(f"'{path}': {error}") from None
    return own[0]


def _objects(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        try:
            objects = [json.loads(text)]
        except json.JSONDecodeError:
            objects = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:  # ValueError by itself: a number of thousands of digits
        raise InputError(
            f"'{path}' is no JSON ({first_line(error)}); pass what transcribe --format json wrote."
        ) from None
    if not objects or not all(isinstance(found, dict) for found in objects):
        raise InputError(f"'{path}' holds no result; write it with whisper-at transcribe --format json.")
    return objects
