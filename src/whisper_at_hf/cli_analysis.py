"""The commands of `whisper-at analyze`."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from .errors import InputError

analysis_app = typer.Typer(
    name="analyze",
    help="Repeat the paper's findings: what each layer knows of sounds, and what noise does to words.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Output = Annotated[Path, typer.Option(help="Folder for the JSON, the table and the figures.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no warnings.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1, mps; the best one if left out.")]

# Modules that the commands import, and the packages that hold them.
NEEDED = {"datasets": "datasets", "sklearn": "scikit-learn", "matplotlib": "matplotlib", "jiwer": "jiwer"}


def _need_analysis() -> None:
    """Raise InputError unless the packages that the analysis needs are installed."""
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise InputError(f'This needs {", ".join(missing)}; run pip install "whisper-at-hf[analysis]".')
