"""What README and docs point to is there: files, pictures, and names in their Python examples."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def ids(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_examples_import_what_is_there(page):
    for code in PYTHON.findall(page.read_text(encoding="utf-8")):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("whisper_at_hf"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)


def test_messages_of_troubleshooting_are_ours():
    """The first column of its tables quotes sentences of the source, names left out."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    source = re.sub(r'"\s*f?"', "", source)  # sentences that go on in the next line
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]*)` \|", page, re.MULTILINE)
    parts = {part for message in messages for part in re.split("…", message) if len(part) > 8}
    assert len(messages) > 20 and [part for part in sorted(parts) if part not in source] == []


def test_the_first_screen_is_short():
    """The two lines, an example and a table, before anything else."""
    first = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert len(first.splitlines()) <= 60
    assert "<!-- command: quick-start -->" in first and "```python" in first and "|---|" in first
