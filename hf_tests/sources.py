"""Gets transformers' common model tests out of its source distribution and lays our stand-ins beside them."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

STUBS = Path(__file__).parent / "stubs"


def cache_folder() -> Path:
    """`~/.cache/whisper-at-hf/hf-tests`, or below XDG_CACHE_HOME where that is set."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "whisper-at-hf" / "hf-tests"


def prepare(version: str) -> Path:
    """Download once, unpack once.

    Args:
        version: of transformers; its tests fit that version only.

    Returns:
        The folder to put on `sys.path`: it holds the package `tests`, with our stubs in it.
    """
    folder = cache_folder() / f"transformers-{version}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            unpacked = _unpack_tests(_download(version, Path(temporary)), Path(temporary))
            # Last and in one step: an interrupted run leaves no half-filled folder behind.
            unpacked.replace(folder)
    shutil.copytree(STUBS, folder / "tests", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return folder


def _download(version: str, folder: Path) -> Path:
    """The path of the source distribution, downloaded by pip (which checks its hash)."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps"]
    command += ["--no-build-isolation", "--dest", str(folder), f"transformers=={version}"]
    subprocess.run(command, check=True)
    return next(folder.glob("transformers-*.tar.gz"))


def _unpack_tests(archive: Path, folder: Path) -> Path:
    """Unpack the test modules only, and return the folder that holds `tests`."""
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if Path(member.name).parts[1:2] == ("tests",)]
        tar.extractall(folder, members=members, filter="data")
    # The source distribution leaves this one out; test_configuration_common.py imports it by path.
    unpacked = folder / Path(members[0].name).parts[0]
    (unpacked / "tests" / "__init__.py").touch()
    return unpacked
