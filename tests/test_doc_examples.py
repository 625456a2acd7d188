"""Every code block of README and docs runs as it stands, but for lines that cannot run here, each with its reason."""

import glob
import re
import shlex

import numpy as np
import pytest
from doc_pages import ROOT, blocks, clear_output, commands, lay_desk
from typer.testing import CliRunner

from whisper_at_hf.audio import load_audio
from whisper_at_hf.cli import app

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if blocks(page)]
# Lines are known by these words.
NOT_RUN = {
    "python3 -m venv": "sets up an environment, as .ci/run does",
    ".venv/bin/activate": "sets up an environment",
    "pip install": "sets up an environment",
    "original:": "downloads; tests/conversion/test_download.py has a server",
    "rtsp:": "needs a camera",
    "s3://": "needs a bucket; tests/cli/test_archive.py has a store",
    "accelerate launch": "starts processes; tests/features and tests/training do",
    "MIT/ast": "needs another model; tests/training/test_teaching.py makes one",
    "--teacher": "needs what the line above makes",
    "whisper-at demo": "serves until it is stopped; tests/demo",
    "whisper-at analyze": "needs corpora; tests/cli/test_analysis.py",
    "launch(": "serves until it is stopped; tests/demo",
    "127.0.0.1": "needs the line above",
}


@pytest.fixture
def desk(tmp_path, default_model, tiny_en_whisper, tiny_en_ctranslate2, monkeypatch):
    monkeypatch.setenv("WHISPER_AT_CACHE", str(default_model.parent))
    lay_desk(tmp_path, default_model, tiny_en_whisper, tiny_en_ctranslate2)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.real
@pytest.mark.long
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_runs(page, desk, pipe):
    sample = load_audio("street.wav")
    names = {"__name__": "__main__", "pipe": pipe, "blocks": np.array_split(sample, 4), "audio": sample}
    for block in blocks(page):
        if block["language"] == "sh":
            for line in commands(block["code"]):
                run_command(line)
        elif not reason(block["code"]):
            exec(compile(block["code"], f"{page.name}: {block['code'][:40]!r}", "exec"), names)


def run_command(line):
    if reason(line):
        return
    words = shlex.split(line, comments=True)
    assert words[0] == "whisper-at", line
    arguments = [found for word in words[1:] for found in (sorted(glob.glob(word)) if "*" in word else [word])]
    clear_output(arguments)
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, f"{line}\n{done.output}"


def reason(code):
    return next((why for words, why in NOT_RUN.items() if words in code), None)


def test_what_does_not_run_is_there():
    """Words that no page has any more would hide what comes later."""
    text = "".join(block["code"] for page in PAGES for block in blocks(page))
    assert [words for words in NOT_RUN if words not in text] == []


def test_blocks_are_of_a_kind_that_is_run():
    for page in PAGES:
        kinds = re.findall(r"^```(\w+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(kinds) <= {"sh", "python", "bibtex", "yaml", "json"}, page
