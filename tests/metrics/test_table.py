"""The per-label table against scikit-learn, and None where a value is not defined."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score

from whisper_at_hf.errors import InputError
from whisper_at_hf.metrics import label_table, tagging_metrics

LABELS = ["Speech", "Dog", "Rain", "Sneeze"]
THRESHOLDS = {"Speech": 0.4, "Dog": 0.6, "Rain": 0.5}


@pytest.fixture
def clips() -> tuple[np.ndarray, np.ndarray]:
    """Forty clips; Sneeze is never there."""
    generator = np.random.default_rng(3)
    targets = (generator.random((40, 4)) < 0.4).astype(int)
    targets[:, 3] = 0
    return generator.random((40, 4)) * 0.6 + 0.3 * targets, targets


def test_rows_equal_scikit_learn(clips):
    scores, targets = clips
    limits = [0.4, 0.6, 0.5, 0.25]
    rows = label_table(scores, targets, LABELS, THRESHOLDS)
    assert [row["label"] for row in rows] == LABELS
    for index, row in enumerate(rows[:3]):
        given, found = targets[:, index], scores[:, index] >= limits[index]
        precision, recall, f1, _ = precision_recall_fscore_support(given, found, average="binary")
        assert row == {
            "label": LABELS[index],
            "positives": given.sum(),
            "average_precision": pytest.approx(average_precision_score(given, scores[:, index]), abs=1e-9),
            "auc": pytest.approx(roc_auc_score(given, scores[:, index]), abs=1e-9),
            "precision": pytest.approx(precision, abs=1e-9),
            "recall": pytest.approx(recall, abs=1e-9),
            "f1": pytest.approx(f1, abs=1e-9),
            "threshold": limits[index],
        }


def test_its_means_are_the_macro_figures(clips):
    rows = label_table(*clips, LABELS, THRESHOLDS)
    metrics = tagging_metrics(*clips, THRESHOLDS, labels=LABELS)
    for column, name in (("average_precision", "map"), ("auc", "auc"), ("f1", "f1")):
        values = [row[column] for row in rows if row[column] is not None]
        assert len(values) == metrics["labels_scored"] == 3
        assert np.mean(values) == pytest.approx(metrics[name], abs=1e-9)


def test_undefined_values_are_none(clips):
    scores, targets = clips
    targets[:, 2] = 1
    scores[:, 1] = 0.1
    speech, dog, rain, sneeze = label_table(scores, targets, LABELS, THRESHOLDS)
    assert None not in speech.values()
    assert (dog["precision"], dog["recall"], dog["f1"]) == (None, 0, 0)
    assert rain["auc"] is None and rain["average_precision"] == 1
    assert [sneeze[column] for column in ("average_precision", "auc", "recall", "f1")] == [None] * 4
    assert sneeze["positives"] == 0


def test_single_label_rows_decide_by_the_best_score():
    scores = [[0.6, 0.4, 0.0], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]
    rows = label_table(scores, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], ["a", "b", "c"], single_label=True)
    assert [row["precision"] for row in rows] == [0.5, None, 1]
    assert [row["recall"] for row in rows] == [1, 0, 1]
    assert [row["threshold"] for row in rows] == [None, None, None]


def test_one_label():
    (row,) = label_table([[0.9], [0.2]], [[1], [0]], ["Dog"], 0.5)
    assert (row["average_precision"], row["auc"], row["f1"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("labels", "said"), [(["a", "b"], "2 names for scores of 4"), (["a", "a", "b", "c"], "twice")]
)
def test_label_names_must_fit(clips, labels, said):
    with pytest.raises(InputError, match=said):
        label_table(*clips, labels)
