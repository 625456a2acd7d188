"""The command `whisper-at demo`; what needs the demo extra is imported inside it, see `extras`."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from .extras import need_extra
from .options import Device, Dtype, Quiet, path_option
from .support import calm_transformers, print_written, say

demo_app = typer.Typer()


@demo_app.command(
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at demo\n\n"
    "whisper-at demo --model my-model --model user/whisper-at-base --port 8080\n\n"
    "whisper-at demo --host 0.0.0.0 --max-mb 20 --max-minutes 10\n\n"
    "whisper-at demo --space my-space --model user/whisper-at-base"
)
def demo(
    model: Annotated[
        list[str] | None,
        typer.Option(help="Folder or hub id of a model to offer beside the embedded one; repeatable."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 to let other machines in.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The first free one from 7860 on if left out.")
    ] = None,
    max_mb: Annotated[float, typer.Option(help="Size of the largest file, in MB.")] = 100.0,
    max_minutes: Annotated[float, typer.Option(help="Length of the longest sound, and of a live session.")] = 30.0,
    space: Annotated[
        Path | None, path_option("Write a folder for a Hugging Face Space instead of serving the page.")
    ] = None,
    device: Device = None,
    dtype: Dtype = "auto",
    quiet: Quiet = False,
) -> None:
    """Serve a page for a browser: text, sounds on a timeline, and captions of files and of the microphone."""
    calm_transformers(quiet)
    need_extra("demo")
    from ..demo import Limits, build_demo, launch, write_space

    limits = Limits(max_mb, max_minutes)
    if space is not None:
        print_written(write_space(space, model or [], limits))
        return
    with _private_folder(), _ended_like_by_a_key():
        page = build_demo(model or [], limits, device, dtype)
        try:
            address = launch(page, limits, host, port, wait=False)
            say(f"The demo runs at {address} (Ctrl+C ends it).")
            while page.is_running:
                time.sleep(0.2)
        except KeyboardInterrupt:
            pass
        finally:
            page.close(verbose=False)


@contextmanager
def _private_folder() -> Iterator[None]:
    """What gradio keeps, visitors' files among it, is readable by this user alone, and gone after the block."""
    with tempfile.TemporaryDirectory(prefix="whisper-at-demo-", ignore_cleanup_errors=True) as folder:
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["GRADIO_TEMP_DIR"]
            if before is not None:
                os.environ["GRADIO_TEMP_DIR"] = before


@contextmanager
def _ended_like_by_a_key() -> Iterator[None]:
    """Whoever ends the process politely, such as a container's manager, leaves no files behind either."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
