"""What mkdocs is told beside the pages in docs/: the README is the start page, and what pages link to comes along.

On GitHub, pages link to files outside docs/ (`../SECURITY.md`); the site gets copies of these, under `files/`.
"""

import re
from pathlib import Path

from mkdocs.structure.files import File
from parameters import parameter_page

ROOT = Path(__file__).resolve().parents[1]
# Names stay in one piece; messages and calls are too long for that.
STYLE = """td:first-child code { white-space: nowrap; }
h1:is(#troubleshooting-by-message, [id^=coming-from]) ~ :is(table, div) td:first-child code { white-space: normal; }
"""
LINK = re.compile(r"(\]\()(?!https?://|#|mailto:)([^)#\s]+)")


def on_files(files, config):
    """The generated pages, and the files outside docs/ that pages link to."""
    files.append(File.generated(config, "index.md", content=_start_page()))
    files.append(File.generated(config, "parameters.md", content=parameter_page()))
    files.append(File.generated(config, "site.css", content=STYLE))
    for page in [file for file in files if file.is_documentation_page()]:
        for target in _outside(page):
            if (place := _place(target)) not in files.src_uris:
                files.append(_copied(config, target, place))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links to files outside docs/ lead to their copies."""
    up = "../" * page.file.src_uri.count("/")
    docs = Path(config.docs_dir)

    def turned(found):
        target = _target(page.file, found[2])
        return found[1] + (found[2] if target.is_relative_to(docs) else up + _place(target))

    return LINK.sub(turned, markdown)


def _start_page():
    """README.md as if it lay in docs/."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return LINK.sub(
        lambda found: found[1] + (found[2][5:] if found[2].startswith("docs/") else f"../{found[2]}"), text
    )


def _outside(page):
    targets = (_target(page, link) for _, link in LINK.findall(page.content_string))
    return [target for target in targets if target.is_file() and not target.is_relative_to(ROOT / "docs")]


def _target(page, link):
    return (ROOT / "docs" / page.src_uri).parent.joinpath(link).resolve()


def _place(target):
    return f"files/{target.relative_to(ROOT).as_posix()}" + ("" if target.suffix else ".txt")


def _copied(config, target, place):
    if target.suffix == ".md":  # its own links may lead outside, too: as text alone
        text = re.sub(r"!?\[([^\]]*)\]\((?!https?://)[^)]*\)", r"\1", target.read_text(encoding="utf-8"))
        return File.generated(config, place, content=text)
    return File.generated(config, place, abs_src_path=str(target))
