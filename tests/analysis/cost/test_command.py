"""`whisper-at analyze cost`: tables, files and errors; times are there, but no test looks at them."""

import importlib.util
import json

import pytest
from subprocesses import run_python
from typer.testing import CliRunner

from whisper_at_hf.analysis.cost import latency
from whisper_at_hf.analysis.cost import report as cost_report
from whisper_at_hf.analysis.cost.report import comparison_rows, cost_rows, describe_cost, draw_cost
from whisper_at_hf.analysis.cost.run import cost
from whisper_at_hf.analysis.cost.sizes import WhisperSize
from whisper_at_hf.analysis.tables import markdown_table
from whisper_at_hf.cli import app


@pytest.fixture(scope="module")
def result() -> dict:
    return cost(["tiny", "large-v2"])


def run(*arguments):
    return CliRunner().invoke(app, ["analyze", "cost", *map(str, arguments)])


def test_the_table_has_a_row_for_each_module(result):
    rows = cost_rows(result)
    assert {len(row) for row in rows} == {6}
    assert [row[0].strip() for row in rows[1:]] == [
        *("tiny / tiny.en", "TLTR", "large-v1 / large-v2", "TLTR", "TLTR-512", "AST")
    ]
    assert rows[2][1:] == ("3.8", "0.186", "0.558", "3.02 %", "36.5 / 35.8")
    assert rows[5][1:] == ("7.2", "3.16", "9.49", "0.84 %", "41.6 / 40.3")
    assert rows[-1][1:] == ("86.6", "131", "", "", "45.9")
    assert [row[-1] for row in comparison_rows(result)[1:]] == ["42.0", "42.0", "41.3", "41.3", "32.9"]


def test_the_page_names_sources_and_both_numbers_of_ast(result):
    page = describe_cost(result)
    for said in ("133 thousand millions", "130.5 GMAC", "261 GFLOP", "207 GFLOP", "poster.pdf", "published"):
        assert said in page
    assert "## Time" not in page


def test_a_bar_in_a_cell_does_not_break_a_markdown_table():
    assert markdown_table([("a", "b"), ("  x|y", "1")]) == "| a | b |\n|---|---:|\n| &nbsp;&nbsp;x\\|y | 1 |\n"


def test_the_figure_shows_every_count(result, tmp_path, monkeypatch):
    figures = []
    save = cost_report.save_for_print
    monkeypatch.setattr(
        cost_report, "save_for_print", lambda figure, path: figures.append(figure) or save(figure, path)
    )
    paths = draw_cost(result, tmp_path / "cost")
    assert [path.name for path in paths] == ["cost.png", "cost.svg"] and all(path.stat().st_size for path in paths)
    axes = figures[0].axes[0]
    assert axes.get_yscale() == "log"
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert lines["AST, 10 s"] == [result["ast"]["macs"] / 1e9] * 2
    assert lines["TLTR-512 head, 10 s"] == [result["whispers"][1]["heads"]["TLTR-512"]["macs_10s"] / 1e9]
    assert lines["encoder, 30 s"] == [entry["encoder"]["macs_30s"] / 1e9 for entry in result["whispers"]]
    assert "41×" in [text.get_text() for text in axes.texts]


def test_a_figure_without_the_narrow_head(tmp_path):
    draw_cost(cost(["tiny"]), tmp_path / "cost.png")
    assert {path.name for path in tmp_path.iterdir()} == {"cost.png", "cost.svg"}


def test_the_command_prints_and_writes(tmp_path):
    made = run("--size", "tiny", "--output", tmp_path / "cost", "-q")
    assert made.exit_code == 0, made.output
    assert "tiny / tiny.en" in made.stdout and "41.3" in made.stdout
    assert {path.name for path in (tmp_path / "cost").iterdir()} == {"cost.json", "cost.md", "cost.png", "cost.svg"}
    content = json.loads((tmp_path / "cost" / "cost.json").read_text())
    assert [entry["whisper"] for entry in content["whispers"]] == [["tiny", "tiny.en"]]
    assert "latency" not in content


@pytest.mark.long
def test_times_are_measured_when_asked_for(tmp_path, monkeypatch):
    size = WhisperSize(("toy",), layers=1, width=16, attention_heads=2, mels=8)
    monkeypatch.setattr(latency, "find_sizes", lambda names: [size])
    made = run("--size", "tiny", "--latency", "--repeats", 1, "--output", tmp_path, "--no-figure")
    assert made.exit_code == 0, made.output
    assert "Timing Whisper toy" in made.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"cost.json", "cost.md"}
    times = json.loads((tmp_path / "cost.json").read_text())["latency"]
    assert times["machine"]["threads"] >= 1 and times["repeats"] == 1 and times["ast"] > 0
    (row,) = times["whispers"]
    assert row["encoder_10s"] > 0 and row["encoder_30s"] > 0 and row["heads"]["TLTR"] > 0
    assert "Milliseconds" in (tmp_path / "cost.md").read_text()


@pytest.mark.parametrize(
    "arguments, message", [(["--size", "huge"], "'huge'"), (["--output", "{file}"], "cannot be made")]
)
def test_wrong_arguments_are_one_sentence(tmp_path, arguments, message):
    (tmp_path / "file").write_text("")
    made = run(*(argument.format(file=tmp_path / "file") for argument in arguments))
    assert made.exit_code == 2 and made.stderr.startswith("error: ") and message in made.stderr


def test_without_matplotlib_all_but_the_figure_works(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "whisper_at_hf.analysis.cost.report.find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    refused = run("--size", "tiny", "--output", tmp_path / "cost")
    assert refused.exit_code == 2 and "--no-figure" in refused.stderr and not (tmp_path / "cost").exists()
    assert run("--size", "tiny", "--output", tmp_path / "cost", "--no-figure").exit_code == 0


@pytest.mark.long
def test_nothing_of_the_extra_is_imported():
    """`cost` runs where only torch and transformers are."""
    code = (
        "import sys\n"
        "for name in ('datasets', 'sklearn', 'matplotlib', 'jiwer', 'evaluate'): sys.modules[name] = None\n"
        "from whisper_at_hf.cli import app\n"
        "app(['analyze', 'cost', '--size', 'tiny'])"
    )
    done = run_python("-c", code)
    assert done.returncode == 0 and "tiny / tiny.en" in done.stdout, done.stderr
