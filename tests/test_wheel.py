"""The wheel: built without a warning, with every file of the package, and working where there is no source tree."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
# It would make setuptools warn that it compiles nothing.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, str]:
    """The wheel, and what building it printed."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in NEEDED:
        shutil.copy(ROOT / name, folder)
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=left_out)
    options = ["--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "-v", "wheel", *options, "-w", folder / "dist", folder]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel, done.stdout + done.stderr


@pytest.mark.long
def test_no_warning(built):
    _, printed = built
    assert "running build_py" in printed
    lines = [line for line in printed.splitlines() if "warning" in line.lower() or "ignored" in line.lower()]
    # pip's own, about the machine it runs on, are not about the package.
    assert [line for line in lines if not line.startswith("WARNING: ")] == []


@pytest.mark.long
def test_every_file_of_the_package_is_in_it(built):
    with zipfile.ZipFile(built[0]) as wheel:
        inside = {name for name in wheel.namelist() if name.startswith("whisper_at_hf/")}
    package = ROOT / "src" / "whisper_at_hf"
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert inside == {path.relative_to(package.parent).as_posix() for path in files}


@pytest.mark.long
@pytest.mark.real
def test_installed_elsewhere_it_does_the_main_job(built, tmp_path, default_model):
    with zipfile.ZipFile(built[0]) as wheel:
        wheel.extractall(tmp_path / "site")
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}
    sample = tmp_path / "site" / "whisper_at_hf" / "assets" / "sample.flac"

    def run(*arguments):
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)

    where = run("-c", "import whisper_at_hf; print(whisper_at_hf.__file__)")
    assert where.stdout.startswith(str(tmp_path / "site")), where.stderr
    done = run("-m", "whisper_at_hf.cli", "transcribe", sample, "--model", default_model)
    assert done.returncode == 0, done.stderr
    assert "Hello and welcome" in done.stdout and "Rain" in done.stdout
