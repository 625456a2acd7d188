"""The cards in hub_cards/ are as generated, the hub takes their metadata, and they render."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from whisper_at_hf.analysis.published import HEAD_MAP
from whisper_at_hf.cards import check_card

FOLDER = Path(__file__).parents[1] / "hub_cards"
CARDS = sorted(FOLDER.glob("whisper-at-*.md"))
PARSER = MarkdownIt("commonmark").enable("table")


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate_hub_cards", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=CARDS, ids=lambda path: path.stem)
def card(request):
    return request.param.read_text(encoding="utf-8")


def test_they_are_as_generated(generate):
    assert generate.outdated() == []


def test_there_is_one_for_each_published_head():
    names = {f"whisper-at-{size}" + "-tltr-512" * (kind == "TLTR-512") for size in HEAD_MAP for kind in HEAD_MAP[size]}
    assert {path.stem for path in CARDS} == {*names, "whisper-at-tiny.en-96-sounds"}


def test_the_hub_takes_them(card):
    data = check_card(card)
    assert data.pipeline_tag == "automatic-speech-recognition" and data.library_name == "transformers"
    assert data.base_model.startswith("openai/whisper-") and data.license in ("bsd-2-clause", "apache-2.0")
    assert data.eval_results


def test_published_and_measured_scores_are_told_apart(card):
    data = ModelCard(card).data
    size = data.base_model.removeprefix("openai/whisper-")
    measured = card.split("## Measured scores")[-1].split("\n## ")[0]
    if "## Published scores" not in card:  # the default model
        benchmark = json.loads((FOLDER.parent / "benchmarks" / "broad_head.json").read_text())
        mean = benchmark["models"]["head"]["map"]
        assert [one.metric_value for one in data.eval_results] == [round(mean, 4)]
    elif size in ("tiny.en", "base"):
        assert "The head was not measured by us." in measured and "docs/analysis/" in measured
    else:
        assert measured.split() == ["Not", "measured", "by", "us."]
    if "## Published scores" in card:
        (published,) = data.eval_results
        assert published.source_url.startswith("https://github.com/YuanGongND/whisper-at#")
        assert f"| {published.metric_value} |" in card.split("## Measured scores")[0]
        assert str(published.metric_value) not in measured


def test_tables_and_links_are_sound(card):
    text = ModelCard(card).text
    tokens = PARSER.parse(text)
    rows = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    rulers = [row for row in rows if set(row) <= set("|- ")]
    assert len(rulers) == sum(token.type == "table_open" for token in tokens)
    assert len(rows) - len(rulers) == sum(token.type == "tr_open" for token in tokens)
    plain = [row.replace(r"\|", "") for row in text.splitlines()]
    for above, row in zip(plain, plain[1:], strict=False):
        assert not (above.startswith("|") and row.startswith("|")) or above.count("|") == row.count("|"), row
    inline = [child for token in tokens if token.type == "inline" for child in token.children]
    links = [child.attrs["href"] for child in inline if child.type == "link_open"]
    assert len(links) >= 3 and all(re.fullmatch(r"https://[\w.-]+\.\w+(/\S*)?", link) for link in links)
    shown = "".join(child.content for child in inline if child.type == "text")
    assert "](" not in shown and "{{" not in shown and "None" not in shown
    assert sum(token.type == "html_block" for token in tokens) == 2 * text.count("<details>")
    assert text.count("<details>") == text.count("</details>")


def test_a_changed_card_is_found(generate, tmp_path, monkeypatch):
    for path in CARDS[1:]:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8").replace("35.8", "36.8"), encoding="utf-8")
    (tmp_path / "whisper-at-huge.md").write_text("a new one")
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    assert generate.outdated() == [CARDS[0].name, "whisper-at-huge.md", "whisper-at-tiny.en.md"]


@pytest.mark.real
def test_export_writes_the_default_models_card(default_model, tmp_path, monkeypatch):
    from whisper_at_hf.publishing import exporting

    monkeypatch.setattr(exporting, "default_model_path", lambda: default_model)
    made = exporting.export_hub(tmp_path / "whisper-at-tiny.en-96-sounds")
    assert (made / "README.md").read_text() == (FOLDER / "whisper-at-tiny.en-96-sounds.md").read_text()
