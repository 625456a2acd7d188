"""`whisper-at transcribe -`: results of standard input, window by window as it comes."""

import sys
from typing import Any

from .cli_output import ResultWriter
from .errors import InputError
from .modes import SEQUENTIAL
from .streaming import join_results

STANDARD_INPUT = "-"


def run_standard_input(
    pipe: Any, files: list[str], writer: ResultWriter, batch_size: int | None, parameters: dict[str, Any]
) -> None:
    """Transcribe or tag standard input.

    Without `--output`, each window is shown as soon as it is done; with it, one result is written at the end.

    Raises:
        InputError: other files are named too, nobody pipes anything in, a mode that cannot stream, or unusable sound.
    """
    if len(files) > 1:
        raise InputError(f"'{STANDARD_INPUT}' is standard input and cannot be one of several files; name it alone.")
    if parameters.get("mode") == SEQUENTIAL:
        raise InputError("--mode sequential needs a whole file; leave it out for standard input.")
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("Nothing comes from standard input; pipe sound in: cat talk.mp3 | whisper-at transcribe -.")
    results = pipe.stream(sys.stdin.buffer, batch_size or 1, **parameters)
    if writer.is_stream:
        for result in results:
            writer.write(STANDARD_INPUT, result)
    else:
        writer.write("stdin", join_results(results))
