"""The command `whisper-at`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..conversion import convert as convert_model
from ..errors import InputError, first_line
from .analysis import analysis_app
from .archive import archive_app
from .boundary import CommandGroup
from .captions import AUTO, CaptionOptions
from .demo import demo_app
from .events import EventOption, EventPreset, Events, TypedEventOptions
from .info import describe_model
from .onnx import onnx_app
from .options import (
    BatchSize,
    Captions,
    Device,
    Dtype,
    Files,
    Format,
    Groups,
    Heads,
    Hop,
    Labels,
    Language,
    Mode,
    Model,
    ModelOptions,
    Output,
    OutputFormat,
    OutputOptions,
    Quiet,
    Resume,
    TagFormat,
    TagOutputFormat,
    Task,
    Threshold,
    TimeRes,
    Timestamps,
    TopK,
    TypedTagOptions,
    chosen_format,
    generate_parameters,
    path_option,
)
from .plotting import plotting_app
from .publishing import publishing_app
from .recognition import recognise
from .support import calm_transformers, print_written
from .training import training_app

app = typer.Typer(
    name="whisper-at",
    cls=CommandGroup,
    help="What was said and what was heard: text and sound tags from one Whisper encoder pass.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"whisper-at {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """What was said and what was heard: text and sound tags from one Whisper encoder pass."""


app.add_typer(plotting_app)
app.add_typer(archive_app)
app.add_typer(training_app)
app.add_typer(analysis_app)
app.add_typer(demo_app)
app.add_typer(onnx_app)
app.add_typer(publishing_app)


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at transcribe talk.mp3\n\n"
    'whisper-at transcribe *.wav --format json --output results --labels "Rain;Dog"\n\n'
    "whisper-at transcribe recordings/*/*.mp3 --output results --resume\n\n"
    "whisper-at transcribe film.mp4 --output film.srt --captions sdh\n\n"
    "arecord -f S16_LE -r 16000 | whisper-at transcribe -\n\n"
    "whisper-at transcribe talk.mp3 --model my-model --timestamps word --at-time-res 2"
)
def transcribe(
    files: Files,
    model: Model = None,
    device: Device = None,
    dtype: Dtype = "auto",
    language: Language = None,
    task: Annotated[
        Task, typer.Option(help="Write in the spoken language, or translate to English.")
    ] = Task.transcribe,
    timestamps: Annotated[Timestamps, typer.Option(help="Times with the text.")] = Timestamps.none,
    mode: Annotated[
        Mode, typer.Option(help="Windows cut at pauses, many at a time; or Whisper's own, one after the other.")
    ] = Mode.batched,
    output_format: OutputFormat = None,
    output: Output = None,
    resume: Resume = False,
    captions: Annotated[
        Captions, typer.Option(help="Caption the speech, or sounds too, for the deaf and hard of hearing.")
    ] = Captions.speech,
    highlight_words: Annotated[
        bool, typer.Option("--highlight-words", help="Underline each word of the captions as it is spoken.")
    ] = False,
    wording: Annotated[
        Path | None, path_option("Own words for sounds in captions: CSV with the header label,words, or JSON.")
    ] = None,
    label_language: Annotated[
        str | None,
        typer.Option(help="Language of the sounds in captions, such as de; auto for that of the speech."),
    ] = None,
    at_time_res: TimeRes = 10.0,
    at_hop: Hop = None,
    top_k: TopK = 5,
    threshold: Threshold = None,
    labels: Labels = None,
    groups: Groups = None,
    head: Heads = None,
    tags: Annotated[bool, typer.Option(help="Tag sounds, besides the text.")] = True,
    events: Events = False,
    event_preset: EventPreset = None,
    event_option: EventOption = None,
    speech_gate: Annotated[
        bool, typer.Option("--speech-gate", help="Drop text where no voice is heard: Whisper makes it up there.")
    ] = False,
    batch_size: BatchSize = None,
    quiet: Quiet = False,
) -> None:
    """Transcribe files and tag the sounds in them."""
    parameters = {"return_tags": tags, "mode": mode.value, "generate_kwargs": generate_parameters(language, task)}
    parameters |= TypedEventOptions(events, event_preset, event_option).parameters()
    if speech_gate:
        parameters["speech_gate"] = True
    if timestamps is not Timestamps.none:
        parameters["return_timestamps"] = "word" if timestamps is Timestamps.word else True
    form = chosen_format(output_format, output, Format)
    if label_language == AUTO and task is Task.translate:
        label_language = "en"  # that of the text
    caption_options = CaptionOptions(captions.value, highlight_words, wording, label_language)
    caption_options.check(form.value, with_tags=tags)
    parameters |= caption_options.parameters(form.value, parameters.get("return_timestamps"))
    recognise(
        files,
        parameters,
        model=ModelOptions(model=model, device=device, dtype=dtype),
        tags=TypedTagOptions(
            at_time_res=at_time_res,
            at_hop=at_hop,
            top_k=top_k,
            threshold=threshold,
            labels=labels,
            groups=groups,
            heads=head,
        ),
        output=OutputOptions(output_format=form, output=output, quiet=quiet, captions=caption_options, resume=resume),
        batch_size=batch_size,
    )


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at tag street.wav --at-time-res 2\n\n"
    "whisper-at tag street.wav --events --event-preset alarms\n\n"
    "whisper-at tag *.flac --format json --output tags --batch-size 8"
)
def tag(
    files: Files,
    model: Model = None,
    device: Device = None,
    dtype: Dtype = "auto",
    output_format: TagOutputFormat = None,
    output: Output = None,
    resume: Resume = False,
    at_time_res: TimeRes = 10.0,
    at_hop: Hop = None,
    top_k: TopK = 5,
    threshold: Threshold = None,
    labels: Labels = None,
    groups: Groups = None,
    head: Heads = None,
    events: Events = False,
    event_preset: EventPreset = None,
    event_option: EventOption = None,
    batch_size: BatchSize = None,
    quiet: Quiet = False,
) -> None:
    """Tag the sounds in files; the decoder is not even loaded."""
    form = chosen_format(output_format, output, TagFormat)
    parameters = {"return_text": False, **TypedEventOptions(events, event_preset, event_option).parameters()}
    if form is Format.audacity:
        parameters["return_events"] = True
    recognise(
        files,
        parameters,
        model=ModelOptions(model=model, device=device, dtype=dtype),
        tags=TypedTagOptions(
            at_time_res=at_time_res,
            at_hop=at_hop,
            top_k=top_k,
            threshold=threshold,
            labels=labels,
            groups=groups,
            heads=head,
        ),
        output=OutputOptions(output_format=form, output=output, quiet=quiet, resume=resume),
        batch_size=batch_size,
    )


@app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at convert --whisper openai/whisper-base.en --head original:base.en --output whisper-at-base.en\n\n"
    "whisper-at convert --whisper openai/whisper-base.en --head base.en_ori.pth --output whisper-at-base.en\n\n"
    "whisper-at convert --whisper base.en.pt --processor openai/whisper-base.en --head my-head --output my-model\n\n"
    "whisper-at convert --head my-head --output my-model\n\n"
    "whisper-at convert --head base.en_low.pth --whisper openai/whisper-base.en --head-only --output my-head"
)
def convert(
    output: Annotated[Path, path_option("The folder to make.", show_default=False)],
    whisper: Annotated[
        str | None,
        typer.Option(
            help="Transformers folder or hub id, CTranslate2 folder, or OpenAI .pt file; the embedded one if left out."
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            help="Original Whisper-AT .pth, or original:base.en (or another size; original:small.en:low) to download "
            "it; or one of our head folders; no head if left out."
        ),
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
    try:
        made = convert_model(
            whisper,
            output,
            head=head,
            processor=processor,
            head_only=head_only,
            head_name=head_name,
            overwrite=overwrite,
        )
    except InputError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        # Foreign files can be damaged in more ways than the readers foresee.
        reason = first_line(error)
        given = " and ".join(f"'{source}'" for source in (whisper, head) if source)
        raise InputError(
            f"{given} cannot be converted ({type(error).__name__}: {reason}); check the files, or get them again."
        ) from error
    if not quiet:
        print_written(made)


@app.command(epilog="[bold]Examples[/bold]\n\nwhisper-at info\n\nwhisper-at info my-model --labels")
def info(
    model: Annotated[str | None, typer.Argument(help="Folder or hub id; the embedded model if left out.")] = None,
    labels: Annotated[bool, typer.Option("--labels", help="List every label with its threshold.")] = False,
) -> None:
    """Show what a model is made of."""
    calm_transformers(quiet=True)
    typer.echo(describe_model(model, labels))


def main() -> None:
    """Entry point of the command."""
    if sys.stdout is not None:
        sys.stdout.reconfigure(errors="backslashreplace")  # labels and file names that the terminal cannot show
    app()
