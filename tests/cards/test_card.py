"""A card says what was measured, in metadata that the hub's own reader takes, and nothing about the machine."""

import copy

import pytest
from huggingface_hub import ModelCard

from whisper_at_hf.cards import write_model_card
from whisper_at_hf.errors import InputError

LABELS = ["Dog", "A|B *loud*", "Sneeze"]
RESULTS = {
    "name": "three sounds",
    "whisper": "openai/whisper-tiny.en",
    "encoder_sha256": "0123456789abcdef",
    "labels": LABELS,
    "problem_type": "multi_label_classification",
    "head": {
        "aggregation": "tltr",
        "projection_dim": 128,
        "window_length_s": 10.0,
        "input_padding": "trim",
        "parameters": 448140,
    },
    "data": {
        "train": {"source": "/home/ann/private/train.csv", "clips": 30, "clips_per_label": {"Dog": 10}},
        "validation": {"source": r"C:\Users\ann\val.csv", "clips": 12, "clips_per_label": {"Dog": 4}},
        "test": None,
    },
    "training_arguments": {
        "learning_rate": 1e-4,
        "adam_betas": (0.95, 0.999),
        "output_dir": "/home/ann/heads/out",
        "teachers": ["/home/ann/teacher.csv"],
    },
    "validation": {"eval_map": 0.91234, "eval_accuracy": 0.75, "eval_loss": 0.3, "eval_runtime": 2.0},
    "test": None,
    "label_table": [
        {"label": "Dog", "positives": 4, "average_precision": 0.875, "auc": 0.9, "precision": None, "f1": 0.5},
        {"label": "A|B *loud*", "positives": 8, "average_precision": 0.95, "auc": 0.99, "precision": 1.0, "f1": 1.0},
        {"label": "Sneeze", "positives": 0, "average_precision": None, "auc": None, "precision": None, "f1": None},
    ],
    "label_table_split": "validation",
    "thresholds": {"Dog": 0.31, "A|B *loud*": 0.52},
    "cross_validation": {
        "folds": [{"fold": "1", "map": 0.91}, {"fold": "2", "map": 0.93}],
        "mean": {"map": 0.92},
        "std": {"map": 0.0141},
    },
    "train_runtime_s": 41.6,
    "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
}


def card_of(folder, results=RESULTS, **kwargs) -> ModelCard:
    return ModelCard.load(write_model_card(folder, results, **kwargs))


def test_metadata_are_what_the_hub_reads(tmp_path):
    data = card_of(tmp_path).data
    assert data.to_dict() | {"model-index": None} == {
        "library_name": "whisper-at-hf",
        "pipeline_tag": "audio-classification",
        "base_model": "openai/whisper-tiny.en",
        "tags": ["whisper-at", "audio-classification", "tltr"],
        "metrics": ["mAP", "accuracy"],
        "model-index": None,
    }
    assert data.model_name == "three sounds"
    measured = {
        (result.dataset_name, result.dataset_split, result.metric_type): result.metric_value
        for result in data.eval_results
    }
    assert measured == {("val.csv", "validation", "mAP"): 0.91234, ("val.csv", "validation", "accuracy"): 0.75}
    assert {result.task_type for result in data.eval_results} == {"audio-classification"}


def test_a_licence_is_named_only_if_given(tmp_path):
    assert card_of(tmp_path).data.license is None
    assert card_of(tmp_path, license="cc-by-4.0").data.license == "cc-by-4.0"


@pytest.mark.parametrize(
    "line",
    [
        "# three sounds",
        "3 labels, any number of them at a time; aggregation `tltr`; projected to 128 dimensions; 448,140 parameters.",
        "One decision covers 10 s, encoded as it is.",
        "It fits every Whisper with the same encoder (SHA-256 `0123456789abcdef`).",
        "| mAP (macro) | 0.9123 |",
        "| loss | 0.3 |",
        "| Dog | 4 | 0.875 | 0.9 | - | - | 0.5 |",
        r"| A\|B \*loud\* | 0 | 0 | 0.52 |",
        "| Dog | 10 | 4 | 0.31 |",
        "| Sneeze | 0 | 0 | - |",
        "| train | train.csv | 30 |",
        "| validation | val.csv | 12 |",
        "| `learning_rate` | 0.0001 |",
        "| `adam_betas` | 0.95, 0.999 |",
        "| `teachers` | teacher.csv |",
        "| 2 | 0.93 |",
        "| standard deviation | 0.0141 |",
        "Training took 42 s.",
        "Versions: torch 2.13.0, transformers 5.23.0.",
        "- Not measured, for want of examples: Sneeze.",
        "whisper-at convert --whisper openai/whisper-tiny.en --head path/to/this/folder --output my-model",
    ],
)
def test_what_was_measured_is_said(tmp_path, line):
    assert line in card_of(tmp_path).text.splitlines()


def test_tables_have_as_many_cells_as_columns(tmp_path):
    lines = card_of(tmp_path).text.replace(r"\|", "").splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if above.startswith("|") and line.startswith("|"):
            assert above.count("|") == line.count("|"), line


def test_nothing_is_said_about_the_machine(tmp_path):
    results = {**RESULTS, "whisper": str(tmp_path / "secret" / "my-whisper")}
    card = card_of(tmp_path, results)
    for private in ("/home", "ann", "Users", "secret", str(tmp_path)):
        assert private not in card.content
    assert card.data.base_model is None
    assert "A tagging head for my-whisper:" in card.text
    assert 'from_whisper("path/to/my-whisper", head="path/to/this/folder")' in card.text


def test_a_relative_folder_is_no_hub_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    assert card_of(tmp_path, {**RESULTS, "whisper": "models/tiny"}).data.base_model is None


def test_labels_alone_are_enough(tmp_path):
    card = card_of(tmp_path, {"labels": LABELS})
    assert card.data.eval_results is None
    titles = [line for line in card.text.splitlines() if line.startswith("## ")]
    assert titles == ["## Use", "## Scores", "## Labels", "## Limits", "## Citation"]
    assert "Not measured." in card.text
    assert "None" not in card.content


@pytest.mark.parametrize("left_out", [key for key in RESULTS if key != "labels"])
def test_every_part_may_be_missing(tmp_path, left_out):
    without = {key: value for key, value in RESULTS.items() if key != left_out}
    text = card_of(tmp_path, without).content
    assert text == card_of(tmp_path, {**RESULTS, left_out: None}).content
    assert "None" not in text


def test_single_label_heads_have_no_thresholds(tmp_path):
    text = card_of(tmp_path, {**RESULTS, "problem_type": "single_label_classification", "thresholds": None}).text
    assert "threshold" not in text
    assert "3 labels, one of them at a time" in text
    assert "- Every window gets one of the labels, silence included." in text


def test_test_scores_stand_beside_validation_scores(tmp_path):
    results = copy.deepcopy(RESULTS)
    results["data"]["test"] = {"source": "lab/sounds", "clips": 7}
    results["test"] = {"test_map": 0.8, "test_f1": 0.7}
    card = card_of(tmp_path, results)
    assert "|  | validation (val.csv) | test (lab/sounds) |" in card.text
    assert "| mAP (macro) | 0.9123 | 0.8 |" in card.text
    assert "| accuracy | 0.75 | - |" in card.text
    assert "also served to choose" not in card.text
    assert "also served to choose" in card_of(tmp_path).text
    assert [r.metric_value for r in card.data.eval_results if r.dataset_type == "lab/sounds"] == [0.8, 0.7]


def test_seeds_are_told_apart(tmp_path):
    folds = [{"fold": "1", "seed": seed, "test_map": 0.9 + seed / 100} for seed in (0, 1)]
    validation = {"folds": folds, "mean": {"test_map": 0.905}, "std": {"test_map": 0.0}}
    lines = card_of(tmp_path, {**RESULTS, "cross_validation": validation}).text.splitlines()
    assert {"| 1, seed 0 | 0.9 |", "| 1, seed 1 | 0.91 |", "| mean | 0.905 |"} <= set(lines)


def test_pictures_are_shown_if_they_are_there(tmp_path):
    assert "![" not in card_of(tmp_path).text
    (tmp_path / "curves.png").write_bytes(b"")
    (tmp_path / "confusion_matrix.png").write_bytes(b"")
    text = card_of(tmp_path).text
    assert "![Curves](curves.png)" in text and "![Confusion matrix](confusion_matrix.png)" in text


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="README.md' cannot be written"):
        write_model_card(tmp_path / "missing", RESULTS)
