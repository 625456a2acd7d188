"""What `whisper-at transcribe` and `tag` do: load the model, run all files, write each result as it comes."""

import sys
from typing import Any

import typer

from ..conversion.default_model import default_model_path
from ..errors import InputError
from ..labels.ontology import group_names
from ..model.fingerprint import fingerprint
from ..pipeline.loading import check_language, load_pipeline
from .boundary import BAD_INPUT
from .files import run_files
from .options import ModelOptions, OutputOptions, TypedTagOptions
from .output import ResultWriter
from .record import Record
from .standard_input import STANDARD_INPUT, check_standard_input, run_standard_input
from .support import calm_transformers, file_progress, print_error, say


def recognise(
    files: list[str],
    parameters: dict[str, Any],
    *,
    model: ModelOptions,
    tags: TypedTagOptions,
    output: OutputOptions,
    batch_size: int | None,
) -> None:
    """Write the result of every file; a bad file costs only itself.

    Args:
        files: paths and URLs, or standard input alone.
        parameters: of the pipeline's call, without those of `tags`.
        model: what to load.
        tags: how to tag.
        output: where results go.
        batch_size: windows worked on at a time; None for the pipeline's own number.

    Raises:
        InputError: bad options, before any file is read, or unusable standard input.
        typer.Exit: some files could not be read or written.
    """
    calm_transformers(output.quiet)
    check_standard_input(files, parameters.get("mode"))
    if output.resume and STANDARD_INPUT in files:
        raise InputError("--resume needs files, not standard input, which is gone once it was heard; leave it out.")
    writer = ResultWriter(output.output, output.output_format.value, files, sys.stdout, output.captions)
    if output.resume and writer.folder is None:
        raise InputError("--resume looks for results in a folder; name one with --output.")
    with_decoder = parameters.get("return_text", True)
    pipe = load_pipeline(model.model or str(default_model_path()), model.device, model.dtype, with_decoder)
    parameters = checked_call(pipe, parameters, tags)
    if STANDARD_INPUT in files:
        run_standard_input(pipe, writer, batch_size, parameters)
        return
    if writer.folder is not None:
        writer.record = Record(writer.folder, _settings(pipe, parameters, output))
    if output.resume:
        left = writer.unfinished(files)
        if not output.quiet:
            say(f"{len(files) - len(left)} of {len(files)} files are finished already")
        files = left
    if batch_size is not None:
        parameters["batch_size"] = batch_size
    if _write_results(pipe, files, writer, output.quiet, parameters):
        raise typer.Exit(BAD_INPUT)


def checked_call(pipe: Any, parameters: dict[str, Any], tags: TypedTagOptions) -> dict[str, Any]:
    """The parameters with those of `tags`. Raises InputError for bad ones, before there is any audio."""
    known = {label for config in pipe.model.config.heads.values() for label in config.label2id} | set(group_names())
    parameters = {**parameters, **tags.parameters(known)}
    if parameters.get("return_text", True):
        check_language(pipe, parameters["generate_kwargs"])
    pipe.check(**parameters)
    return parameters


def _settings(pipe: Any, parameters: dict[str, Any], output: OutputOptions) -> dict[str, Any]:
    """What decides the results, but for the files."""
    return {
        "model": fingerprint(pipe.model, pipe.model.config.to_dict()),
        "dtype": pipe.model.dtype,
        "parameters": parameters,
        "format": output.output_format,
        "captions": output.captions,
        "wording": output.captions.wording and output.captions.wording.read_text(encoding="utf-8", errors="replace"),
    }


def _write_results(
    pipe: Any, files: list[str], writer: ResultWriter, quiet: bool, parameters: dict[str, Any]
) -> list[str]:
    """Run and write all files; gives those that failed, each of which has been reported."""
    failed = []
    with file_progress(len(files), quiet) as advance:

        def fail(source: str, error: InputError) -> None:
            failed.append(source)
            print_error(error)
            advance(errors=1)

        for source, result in run_files(pipe, files, fail, **parameters):
            try:
                writer.write(source, result)
            except InputError as error:
                fail(source, error)
            else:
                advance()
    return failed
