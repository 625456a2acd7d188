"""Runs the fast lane on the oldest versions that setup.cfg allows and on the newest there are.

    python compat/run.py            # both
    python compat/run.py oldest

Each has an environment of its own in `~/.cache/whisper-at-hf/compat` (or `--folder`), which is brought up to date at
every run. The oldest is what uv resolves as `lowest-direct`: every package that setup.cfg names at its lowest bound,
the others as new as those allow. Takes several gigabytes a piece where PyPI's torch comes with CUDA. Prints the
versions and how many tests passed, and exits with 1 if any failed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHOWN = ("torch", "transformers", "accelerate", "av", "numpy")
ENVIRONMENTS = ("oldest", "newest")
VERSIONS = f"import json, importlib.metadata as m; print(json.dumps({{name: m.version(name) for name in {SHOWN}}}))"


def install(name: str, folder: Path) -> Path:
    """Makes or updates an environment.

    Returns:
        Its Python.
    """
    python = folder / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
    package = ["-e", f"{ROOT}[test]"]
    if name == "oldest":
        _pip(python, "uv")
        lowest = ["--resolution", "lowest-direct", "--python", python]
        subprocess.run([python, "-m", "uv", "pip", "install", "-q", *lowest, *package], check=True)
    else:
        _pip(python, "--upgrade", "--upgrade-strategy", "eager", *package)
    return python


def _pip(python: Path, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments], check=True)


def fast_lane(python: Path, report: Path) -> dict[str, float]:
    """Runs `make fast` in an environment.

    Args:
        python: The environment's.
        report: Where pytest writes its results.

    Returns:
        How many tests `passed`, `failed` and were `skipped`, and the `seconds` that they took.
    """
    report.unlink(missing_ok=True)
    started = time.monotonic()
    options = {**os.environ, "PYTEST_ADDOPTS": f"--junitxml='{report}' -p no:cacheprovider"}
    subprocess.run(["make", "fast", f"PYTHON={python}"], cwd=ROOT, env=options)
    if not report.exists():
        raise SystemExit(f"pytest ended without a report in {python.parents[1]}: read what it printed above.")
    suite = ElementTree.parse(report).getroot().find("testsuite").attrib
    total, failed, skipped = (int(suite[name]) for name in ("tests", "failures", "skipped"))
    failed += int(suite["errors"])
    seconds = time.monotonic() - started
    return {"passed": total - failed - skipped, "failed": failed, "skipped": skipped, "seconds": round(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{' or '.join(ENVIRONMENTS)}; both if left out")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--folder", type=Path, default=cache / "whisper-at-hf" / "compat", help="of the environments")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(ENVIRONMENTS):
        parser.error(f"no such environment: {', '.join(sorted(unknown))}; there are {' and '.join(ENVIRONMENTS)}")
    results = {}
    for name in arguments.names or ENVIRONMENTS:
        python = install(name, arguments.folder)
        versions = json.loads(subprocess.run([python, "-c", VERSIONS], check=True, capture_output=True).stdout)
        results[name] = {**versions, **fast_lane(python, arguments.folder / f"{name}.xml")}
    columns = (*SHOWN, "passed", "failed", "skipped", "seconds")
    print("\n| | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for name, row in results.items():
        print(f"| {name} | " + " | ".join(str(row[column]) for column in columns) + " |")
    raise SystemExit(any(row["failed"] for row in results.values()))


if __name__ == "__main__":
    main()
