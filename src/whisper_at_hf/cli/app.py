"""The command `whisper-at`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, first_line
from .analysis import analysis_app
from .support import calm_transformers, console, or_exit, print_error
from .training import training_app

app = typer.Typer(
    name="whisper-at",
    help="What was said and what was heard: text and sound tags from one Whisper encoder pass.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(training_app)
app.add_typer(analysis_app)


class Format(StrEnum):
    """How results are written."""

    txt = "txt"
    json = "json"


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


Files = Annotated[
    list[str],
    typer.Argument(help="Audio or video files, or URLs; - for standard input, as it comes.", show_default=False),
]
Model = Annotated[
    str | None, typer.Option(help="Folder or hub id of a Whisper-AT model; the embedded one if left out.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if left out.")]
Dtype = Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.")]
BatchSize = Annotated[
    int | None, typer.Option(min=1, help="Windows worked on at a time; 16, or 1 for standard input, if left out.")
]
OutputFormat = Annotated[Format, typer.Option("--format", help="Text for people, or one JSON object a line.")]
Output = Annotated[
    Path | None,
    typer.Option(help="A folder for one result per file, or a .txt/.json file; standard output if left out."),
]
TimeRes = Annotated[float, typer.Option(help="Seconds a tag window, a multiple of 0.4.")]
Hop = Annotated[
    float | None, typer.Option(help="Seconds between the starts of tag windows, a multiple of 0.4; less overlaps.")
]
TopK = Annotated[int, typer.Option(help="At most this many tags a window.")]
Threshold = Annotated[
    list[str] | None, typer.Option(help="Score from which a tag counts: 0.4 for all, or LABEL=0.4, repeatable.")
]
Labels = Annotated[list[str] | None, typer.Option(help='Only these tags: "Rain;Dog", or repeat the option.')]
Heads = Annotated[list[str] | None, typer.Option("--head", help="Name of a head to tag with; repeatable.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no warnings.")]


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at transcribe talk.mp3\n\n"
    'whisper-at transcribe *.wav --format json --output results --labels "Rain;Dog"\n\n'
    "arecord -f S16_LE -r 16000 | whisper-at transcribe -\n\n"
    "whisper-at transcribe talk.mp3 --model my-model --timestamps word --at-time-res 2"
)
def transcribe(
    files: Files,
    model: Model = None,
    device: Device = None,
    dtype: Dtype = "auto",
    language: Annotated[
        str | None, typer.Option(help='Spoken language, "en" or "english"; detected if left out.')
    ] = None,
    task: Annotated[
        Task, typer.Option(help="Write in the spoken language, or translate to English.")
    ] = Task.transcribe,
    timestamps: Annotated[Timestamps, typer.Option(help="Times with the text.")] = Timestamps.none,
    mode: Annotated[
        Mode, typer.Option(help="Windows cut at pauses, many at a time; or Whisper's own, one after the other.")
    ] = Mode.batched,
    output_format: OutputFormat = Format.txt,
    output: Output = None,
    at_time_res: TimeRes = 10.0,
    at_hop: Hop = None,
    top_k: TopK = 5,
    threshold: Threshold = None,
    labels: Labels = None,
    head: Heads = None,
    tags: Annotated[bool, typer.Option(help="Tag sounds as well as transcribe.")] = True,
    batch_size: BatchSize = None,
    quiet: Quiet = False,
) -> None:
    """Transcribe files and tag the sounds in them."""
    generate_kwargs = {}
    if language is not None:
        generate_kwargs["language"] = language
    if task is not Task.transcribe:
        generate_kwargs["task"] = task.value
    parameters = {"return_tags": tags, "mode": mode.value, "generate_kwargs": generate_kwargs}
    if timestamps is not Timestamps.none:
        parameters["return_timestamps"] = "word" if timestamps is Timestamps.word else True
    tag_options = (at_time_res, at_hop, top_k, threshold, labels, head)
    _run(files, (model, device, dtype), tag_options, parameters, (output_format, output, quiet), batch_size)


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at tag street.wav --at-time-res 2\n\n"
    "whisper-at tag *.flac --format json --output tags --batch-size 8"
)
def tag(
    files: Files,
    model: Model = None,
    device: Device = None,
    dtype: Dtype = "auto",
    output_format: OutputFormat = Format.txt,
    output: Output = None,
    at_time_res: TimeRes = 10.0,
    at_hop: Hop = None,
    top_k: TopK = 5,
    threshold: Threshold = None,
    labels: Labels = None,
    head: Heads = None,
    batch_size: BatchSize = None,
    quiet: Quiet = False,
) -> None:
    """Tag the sounds in files; the decoder is not even loaded."""
    tag_options = (at_time_res, at_hop, top_k, threshold, labels, head)
    output_options = (output_format, output, quiet)
    _run(files, (model, device, dtype), tag_options, {"return_text": False}, output_options, batch_size)


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at convert --whisper openai/whisper-base.en --head base.en_ori.pth --output whisper-at-base.en\n\n"
    "whisper-at convert --whisper base.en.pt --processor openai/whisper-base.en --head my-head --output my-model\n\n"
    "whisper-at convert --head base.en_low.pth --whisper openai/whisper-base.en --head-only --output my-head"
)
def convert(
    output: Annotated[Path, typer.Option(help="The folder to make.", show_default=False)],
    whisper: Annotated[
        str | None, typer.Option(help="Transformers folder or hub id, CTranslate2 folder, or OpenAI .pt file.")
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="Original Whisper-AT .pth, or one of our head folders; no head if left out.")
    ] = None,
    processor: Annotated[
        str | None, typer.Option(help="Folder or hub id of the processor, for sources that hold none.")
    ] = None,
    head_only: Annotated[bool, typer.Option("--head-only", help="Write the head's folder alone.")] = False,
    head_name: Annotated[str, typer.Option(help="The head's name in the model.")] = "default",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing model folder.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make a from_pretrained folder out of foreign weights."""
    calm_transformers(quiet)
    from ..conversion import convert as convert_model

    def convert_sources() -> Path:
        try:
            return convert_model(whisper, output, head, processor, head_only, head_name, overwrite=overwrite)
        except InputError:
            raise
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
            # Foreign files can be damaged in more ways than the readers foresee.
            reason = first_line(error)
            given = " and ".join(f"'{source}'" for source in (whisper, head) if source)
            raise InputError(
                f"{given} cannot be converted ({type(error).__name__}: {reason}); check the files, or get them again."
            ) from error

    made = or_exit(convert_sources)
    if not quiet:
        console.print(f"Wrote {made}", markup=False)


@app.command(epilog="[bold]Examples[/bold]\n\nwhisper-at info\n\nwhisper-at info my-model --labels")
def info(
    model: Annotated[str | None, typer.Argument(help="Folder or hub id; the embedded model if left out.")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="List every label with its threshold.")] = False,
) -> None:
    """Show what a model is made of."""
    calm_transformers(quiet=True)
    from .info import describe_model

    typer.echo(or_exit(lambda: describe_model(model, labels)))


def _run(files, model_options, tag_options, parameters, output_options, batch_size) -> None:
    """Load the model, run all files, write each result as it comes; exit with 2 if a file failed."""
    from .files import run_files
    from .output import ResultWriter
    from .standard_input import STANDARD_INPUT, check_standard_input, run_standard_input

    output_format, output, quiet = output_options
    calm_transformers(quiet)
    or_exit(lambda: check_standard_input(files, parameters.get("mode")))
    writer = or_exit(lambda: ResultWriter(output, output_format.value, files, sys.stdout))
    pipe = or_exit(lambda: _load_pipeline(*model_options, parameters.get("return_text", True)))
    parameters = or_exit(lambda: _checked_parameters(pipe, tag_options, parameters))
    if STANDARD_INPUT in files:
        or_exit(lambda: run_standard_input(pipe, writer, batch_size, parameters))
        return
    failed = []

    def report(source: str, error: InputError) -> None:
        failed.append(source)
        print_error(error)

    from .support import file_progress

    with file_progress(console, len(files), quiet) as advance:
        if batch_size is not None:
            parameters["batch_size"] = batch_size
        results = run_files(pipe, files, lambda source, error: (report(source, error), advance()), **parameters)
        for source, result in results:
            try:
                writer.write(source, result)
            except InputError as error:
                report(source, error)
            advance()
    if failed:
        raise typer.Exit(2)


def _load_pipeline(model: str | None, device: str | None, dtype: str, with_decoder: bool):
    from ..conversion.default_model import default_model_path
    from ..pipeline.loading import load_pipeline

    return load_pipeline(model or str(default_model_path()), device, dtype, with_decoder)


def _checked_parameters(pipe, tag_options, parameters: dict) -> dict:
    """The pipeline's parameters from the options; raises InputError before any file is read."""
    from ..pipeline.loading import check_language
    from .options import parse_labels, parse_threshold

    at_time_res, at_hop, top_k, threshold, labels, heads = tag_options
    known = {label for config in pipe.model.config.heads.values() for label in config.label2id}
    parameters = {
        **parameters,
        "at_time_res": at_time_res,
        "at_hop": at_hop,
        "top_k": top_k,
        "threshold": parse_threshold(threshold),
        "labels": parse_labels(labels, known),
        "heads": heads or None,
    }
    if parameters.get("return_text", True):
        check_language(pipe, parameters["generate_kwargs"])
    pipe._sanitize_parameters(**parameters)
    return parameters


def main() -> None:
    """Entry point of the command."""
    if sys.stdout is not None:
        sys.stdout.reconfigure(errors="backslashreplace")  # labels and file names that the terminal cannot show
    app()
