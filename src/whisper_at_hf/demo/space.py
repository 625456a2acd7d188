"""The page as a folder for a Hugging Face Space."""

import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path

from ..errors import InputError
from ..files import make_folder, write_atomically
from .library import import_gradio
from .limits import Limits
from .models import model_names

# https://huggingface.co/docs/hub/spaces-config-reference
README = """\
---
title: Whisper-AT
emoji: 🎧
colorFrom: blue
colorTo: indigo
sdk: gradio
sdk_version: {gradio}
python_version: "3.12"
app_file: app.py
license: apache-2.0
short_description: What was said and what was heard, from one encoder pass
---

Text, a clickable timeline of the sounds, and captions of a recording, by
Whisper-AT for transformers (`pip install "whisper-at-hf[demo]"`, then `whisper-at demo`).
"""

APP = """\
from whisper_at_hf.demo import Limits, build_demo, launch

limits = {limits!r}
demo = build_demo({models!r}, limits)

if __name__ == "__main__":
    launch(demo, limits)
"""


def write_space(folder: str | PathLike, models: Sequence[str] = (), limits: Limits | None = None) -> Path:
    """Write app.py, requirements.txt and README.md of a Space; those of that name are replaced.

    Args:
        models: hub ids of models to offer beside the embedded one.
        limits: what visitors may send.

    Raises:
        InputError: gradio is missing, the models are no list of names, a model is a folder of this machine, or the
            files cannot be written.
    """
    models = model_names(models)
    for model in models:
        if os.path.exists(model):
            raise InputError(f"'{model}' lies on this machine, which a Space does not see; push it to the hub first.")
    fix = "name another folder for the Space"
    folder = make_folder(Path(folder), fix)
    files = {
        "app.py": APP.format(models=models, limits=limits or Limits()),
        "requirements.txt": f"{_requirement()}\n",
        "README.md": README.format(gradio=import_gradio().__version__),
    }
    for name, text in files.items():
        write_atomically(folder / name, text, fix)
    return folder


def _requirement() -> str:
    package = "whisper-at-hf"
    try:
        return f"{package}[demo]=={version(package)}"
    except PackageNotFoundError:  # run from a source tree that is not installed
        return f"{package}[demo]"
