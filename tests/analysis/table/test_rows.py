"""Published and measured scores stand side by side and never in one another's place."""

import json

import pytest
import tiny
from transformers import BertConfig
from typer.testing import CliRunner

from whisper_at_hf import InputError, TLTRConfig
from whisper_at_hf.analysis.table.report import table_rows
from whisper_at_hf.analysis.table.rows import benchmark_table, count_model
from whisper_at_hf.cli import app
from whisper_at_hf.labels import audioset_labels


def write_scores(path, labels, clips=80, **metrics):
    table = [{"label": label, "positives": 8} for label in labels]
    path.write_text(
        json.dumps(
            {f"eval_{name}": value for name, value in metrics.items()}
            | {
                "clips": clips,
                "label_table": table,
            }
        )
    )
    return path


@pytest.fixture
def esc10(tmp_path):
    return write_scores(tmp_path / "esc10.json", [f"class {number}" for number in range(10)], accuracy=0.925, map=0.9)


@pytest.fixture
def audioset(tmp_path):
    return write_scores(tmp_path / "audioset.json", audioset_labels(), 20_000, accuracy=0.5, map=0.321)


def cells(table, name):
    return next(row for row in table_rows(table) if row[0] == name)


def test_published_rows_alone_are_blank_where_nothing_is_published():
    rows = table_rows(benchmark_table())
    assert rows[0][4:] == ("AS-20K mAP", "AS-2M mAP", "ESC-50 acc.", "ESC-10 acc.")
    assert rows[1:] == [
        ("AudioSet baseline", "published", "", "", "", "31.4", "", ""),
        ("AST", "published", "86.6", "131", "34.7", "45.9", "88.8", ""),
        ("Whisper-AT", "published", "7.2", "3.16", "32.8", "41.5", "91.7", ""),
    ]
    assert all("arxiv.org/abs/2307.03183" in row.source for row in benchmark_table())


def test_measured_rows_are_apart_even_under_a_published_name(esc10, audioset):
    table = benchmark_table([f"AST:esc-10={esc10}", f"AST:as-20k={audioset}", f"a: b:esc-10={esc10}"])
    assert [row.origin for row in table] == ["published"] * 3 + ["measured"] * 2
    assert table[1].scores == {"as-20k": 34.7, "as-2m": 45.9, "esc-50": 88.8}
    assert table_rows(table)[4:] == [
        ("AST", "measured", "", "", "32.1 (20000 clips)", "", "", "92.5 (80 clips)"),
        ("a: b", "measured", "", "", "", "", "", "92.5 (80 clips)"),
    ]
    assert table[3].source is None


def test_labels_without_clips_do_not_count_for_esc(tmp_path):
    path = write_scores(tmp_path / "a.json", [f"class {number}" for number in range(12)], accuracy=0.5, map=0.5)
    content = json.loads(path.read_text())
    for row in content["label_table"][10:]:
        row["positives"] = 0
    path.write_text(json.dumps(content))
    assert benchmark_table([f"a:esc-10={path}"])[-1].scores == {"esc-10": 50.0}


def test_a_cross_validation_gives_its_mean(tmp_path):
    folds = [{"fold": str(fold), "seed": seed, "clips": 80} for fold in range(1, 6) for seed in (1, 2)]
    content = {"test_accuracy": 0.9, "labels": list("abcdefghij"), "cross_validation": {"folds": folds}}
    (tmp_path / "results.json").write_text(json.dumps(content))
    table = benchmark_table([f"mine:esc-10={tmp_path / 'results.json'}"])
    assert cells(table, "mine")[-1] == "90.0 (400 clips, 5 folds)"


def test_sizes_of_models(tmp_path, esc10):
    head = TLTRConfig(encoder_layers=32, d_model=1280, projection_dim=512, id2label=dict(enumerate(audioset_labels())))
    head.save_pretrained(tmp_path / "head")
    table = benchmark_table([f"mine:esc-10={esc10}"], [f"mine={tmp_path / 'head'}"])
    assert cells(table, "mine")[2:4] == ("7.2", "3.16")
    tiny.tiny_config().save_pretrained(tmp_path / "model")
    tiny.head_config().save_pretrained(tmp_path / "tiny")
    assert count_model(str(tmp_path / "model")) == count_model(str(tmp_path / "tiny"))


@pytest.mark.parametrize(
    "scores, message",
    [
        ("{esc10}", "another form than NAME:BENCHMARK=FILE"),
        (":esc-10={esc10}", "another form"),
        ("a:esc-10=", "another form"),
        ("a:esc={esc10}", "no benchmark 'esc'; use as-20k"),
        ("a:esc-50={esc10}", "10 labels that are not the 50 of esc-50"),
        ("a:as-2m={esc10}", "10 labels that are not the 527 of as-2m"),
        ("a:esc-10={audioset}", "527 labels that are not the 10"),
        ("a:esc-10={folder}/none.json", "none.json' cannot be read"),
        ("a:esc-10={folder}/text.json", "text.json' cannot be read as JSON"),
        ("a:esc-10={folder}/other.json", "holds no scores of accuracy"),
        ("a:esc-10={folder}/list.json", "holds no scores of accuracy"),
        ("a:esc-10={folder}/nan.json", "holds no scores of accuracy"),
        ("a:esc-10={folder}/percent.json", "holds no scores of accuracy"),
    ],
)
def test_wrong_scores_are_one_sentence(tmp_path, esc10, audioset, scores, message):
    (tmp_path / "text.json").write_text("no")
    (tmp_path / "other.json").write_text('{"clips": 3}')
    (tmp_path / "list.json").write_text("[]")
    for name, value in (("nan", "NaN"), ("percent", "50")):
        text = esc10.read_text().replace('"eval_accuracy": ', f'"eval_accuracy": {value}, "was": ')
        (tmp_path / f"{name}.json").write_text(text)
    given = scores.format(esc10=esc10, audioset=audioset, folder=tmp_path)
    with pytest.raises(InputError, match=message):
        benchmark_table([given])


def test_one_number_a_cell(esc10):
    with pytest.raises(InputError, match="names esc-10 of 'a' twice"):
        benchmark_table([f"a:esc-10={esc10}"] * 2)


def test_wrong_models_are_one_sentence(tmp_path, esc10):
    BertConfig().save_pretrained(tmp_path / "bert")
    for given, message in (
        ("b=x", "NAME that --scores gives"),
        ("a", "NAME that --scores gives"),
        (f"a={tmp_path / 'bert'}", "is a bert"),
        (f"a={tmp_path / 'none'}", "none' has no config.json"),
    ):
        with pytest.raises(InputError, match=message):
            benchmark_table([f"a:esc-10={esc10}"], [given])


def test_the_command_prints_and_writes(tmp_path, esc10):
    own = ["--scores", f"mine:esc-10={esc10}", "--output", str(tmp_path / "table")]
    made = CliRunner().invoke(app, ["analyze", "table", *own])
    assert made.exit_code == 0, made.output
    assert "measured" in made.stdout and "45.9" in made.stdout
    rows = json.loads((tmp_path / "table" / "table.json").read_text())["rows"]
    assert [row["origin"] for row in rows] == ["published"] * 3 + ["measured"]
    assert "| mine | measured |" in (tmp_path / "table" / "table.md").read_text()
    wrong = CliRunner().invoke(app, ["analyze", "table", "--scores", "x"])
    assert wrong.exit_code == 2 and wrong.stderr.startswith("error: ")
