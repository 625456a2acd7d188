"""Pieces of Markdown come out as a reader of Markdown takes them in."""

import pytest
from markdown_it import MarkdownIt

from whisper_at_hf.cards.markdown import escaped, sections, table

PARSER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize("text", ["Dog", "A|B *loud*", "<b>", "a_b_c", "`code`", "[x](y)", "# 1", "~~no~~", r"a\b"])
def test_text_is_shown_as_it_is(text):
    (inline,) = [token for token in PARSER.parse(escaped(text)) if token.type == "inline"]
    assert "".join(child.content for child in inline.children) == text
    assert {child.type for child in inline.children} <= {"text", "text_special"}


def test_a_table_is_one():
    html = PARSER.render(table([["A|B", 1.23456, None], ["c", "d", 0]], ["", "x", "y"]))
    assert html.count("<th>") == 3 and html.count("<tr>") == 3
    assert "<td>A|B</td>" in html and "<td>1.235</td>" in html and "<td>-</td>" in html


def test_sections():
    page = "# Title\n\nintro\n\n## One\n\ntext\n\n### Part\n\n```sh\n## no title\n```\n\n## Two\nend\n"
    assert sections(page) == {
        "One": "## One\n\ntext\n\n### Part\n\n```sh\n## no title\n```",
        "Two": "## Two\nend",
    }
    assert sections("no title") == {}
