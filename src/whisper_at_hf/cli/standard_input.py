"""`whisper-at transcribe -`: results of standard input, window by window as it comes."""

import sys
from typing import Any

from ..errors import InputError
from ..pipeline.options import SEQUENTIAL
from ..pipeline.results import join_results
from .output import ResultWriter

STANDARD_INPUT = "-"


def check_standard_input(files: list[str], mode: str | None) -> None:
    """Raise InputError if `files` name standard input, and it is not alone, not there, or cannot be used in `mode`."""
    if STANDARD_INPUT not in files:
        return
    if len(files) > 1:
        raise InputError(f"'{STANDARD_INPUT}' is standard input and cannot be one of several files; name it alone.")
    if mode == SEQUENTIAL:
        raise InputError("--mode sequential needs a whole file; leave it out for standard input.")
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Nothing comes from standard input; pipe sound in: cat talk.mp3 | whisper-at transcribe -.")


def run_standard_input(pipe: Any, writer: ResultWriter, batch_size: int | None, parameters: dict[str, Any]) -> None:
    """Transcribe or tag standard input.

    Text and JSON are shown window by window, as soon as each is done. With `--output`, and for captions, which are cut
    from the whole, one result is written at the end, also where that is an interruption or unusable sound.

    Raises:
        InputError: unusable sound.
    """
    results = []
    try:
        for result in pipe.stream(sys.stdin.buffer, batch_size or 1, **parameters):
            if writer.takes_windows:
                writer.write(STANDARD_INPUT, result)
            else:
                results.append(result)
    finally:
        if results:
            writer.write("stdin", join_results(results))
