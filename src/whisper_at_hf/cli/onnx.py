"""The command `whisper-at export-onnx`."""

from pathlib import Path
from typing import Annotated

import typer

from ..conversion.default_model import default_model_path
from ..conversion.writer import check_apart
from ..errors import InputError
from ..pipeline.loading import load_pipeline
from .extras import need_extra
from .options import Model, given_path
from .support import calm_transformers, print_written, say

onnx_app = typer.Typer()


@onnx_app.command(
    name="export-onnx",
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at export-onnx tagger\n\n"
    "whisper-at export-onnx tagger --model my-model --head animals --at-time-res 2 --int8\n\n"
    "whisper-at export-onnx head --model my-model --head-only",
)
def export_onnx(
    output: Annotated[
        Path, typer.Argument(parser=given_path, metavar="OUTPUT", help="The folder to make.", show_default=False)
    ],
    model: Model = None,
    head: Annotated[str | None, typer.Option(help="Name of the head; the model's default one if left out.")] = None,
    head_only: Annotated[
        bool, typer.Option("--head-only", help="The head without the encoder, for pooled states.")
    ] = False,
    at_time_res: Annotated[
        float | None,
        typer.Option(help="Seconds a tag window, a multiple of 0.4; what the head was trained on if left out."),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Write a second file with weights in 8 bits: smaller, faster, less precise.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing model folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Write the tagger as ONNX, compared with torch, for onnxruntime."""
    calm_transformers(quiet)
    if head_only and at_time_res is not None:
        raise InputError("--at-time-res is of the encoder, which --head-only leaves out; leave one of them out.")
    check_apart(output, model)
    need_extra("onnx")
    from ..export import export_head, export_tagger

    pipe = load_pipeline(model or str(default_model_path()), "cpu", "float32", with_decoder=False)
    if head_only:
        files = export_head(pipe.model.get_head(head), output, int8, overwrite)
    else:
        files = export_tagger(pipe.model, pipe.feature_extractor, output, head, at_time_res, int8, overwrite)
    if not quiet:
        for file in files:
            say(f"{file.name}: {file.num_bytes / 1e6:.1f} MB, scores within {file.difference:.1g} of torch's")
        print_written(output)
