"""Pictures are whole PNG files that show what they were given."""

import numpy as np
import pytest
from PIL import Image

from whisper_at_hf.errors import InputError
from whisper_at_hf.training import plots
from whisper_at_hf.training.plots import plot_confusion_matrix, plot_curves, plot_label_scores

LOG = [
    {"loss": 0.9, "learning_rate": 1e-3, "grad_norm": 2.0, "epoch": 0.5, "step": 5},
    {"loss": 0.6, "learning_rate": 5e-4, "grad_norm": 1.0, "epoch": 1.0, "step": 10},
    {"eval_loss": 0.7, "eval_map": 0.8, "eval_d_prime": 2.0, "eval_runtime": 0.1, "epoch": 1.0, "step": 10},
    {"train_runtime": 3.0, "train_loss": 0.75, "epoch": 1.0, "step": 10},
]


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved."""
    figures = []
    save = plots.save_figure
    monkeypatch.setattr(plots, "save_figure", lambda figure, path: figures.append(figure) or save(figure, path))
    return figures


def assert_whole_png(path):
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG" and min(image.size) > 100
        assert len(np.unique(np.asarray(image.convert("L")))) > 10  # something is drawn
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def ticks(axis) -> list[str]:
    return [tick.get_text() for tick in axis.get_ticklabels()]


def table(labels: int) -> list[dict]:
    return [
        {"label": f"label {index}", "positives": index, "average_precision": index / labels} for index in range(labels)
    ]


def test_curves_of_a_log_history(tmp_path, drawn):
    assert_whole_png(plot_curves(LOG, tmp_path / "curves.png"))
    losses, metrics, rates = drawn[0].axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation"]
    assert losses.lines[0].get_xydata().tolist() == [[0.5, 0.9], [1.0, 0.6]]
    assert [(line.get_label(), line.get_ydata().tolist()) for line in metrics.lines] == [("map", [0.8])]
    assert rates.lines[0].get_ydata().tolist() == [1e-3, 5e-4]


def test_curves_without_validation(tmp_path, drawn):
    assert_whole_png(plot_curves(LOG[:2], tmp_path / "curves.png"))
    assert [axes.get_title() for axes in drawn[0].axes] == ["loss", "learning rate"]


def test_curves_of_nothing():
    with pytest.raises(InputError, match="log_history holds no"):
        plot_curves([{"train_runtime": 3.0}], "curves.png")


@pytest.mark.parametrize("size", [1, 3, 50, 80])
def test_confusion_matrix(tmp_path, drawn, size):
    labels = [f"a label with a long name, number $x_{index}$" for index in range(size)]
    truth = np.arange(size).repeat(3)
    found = np.where(np.arange(3 * size) % 3 == 0, (truth + 1) % size, truth)
    assert_whole_png(plot_confusion_matrix(truth, found, labels, tmp_path / "confusion.png"))
    axes = drawn[0].axes[0]
    assert axes.get_title() == f"{(truth == found).sum()} of {3 * size} clips right"
    counts = {(text.get_position(), text.get_text()) for text in axes.texts}
    right = {((index, index), "2") for index in range(size)} | {(((i + 1) % size, i), "1") for i in range(size)}
    assert counts == ({((0, 0), "3")} if size == 1 else right if size <= 50 else set())


def test_confusion_matrix_has_true_labels_in_rows(tmp_path, drawn):
    plot_confusion_matrix([0, 0, 1], [1, 1, 1], ["Dog", "Rain"], tmp_path / "confusion.png")
    axes = drawn[0].axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true label", "label given")
    assert ticks(axes.yaxis) == ticks(axes.xaxis) == ["Dog", "Rain"]
    assert axes.images[0].get_array().tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("targets", "predictions", "said"),
    [
        ([0, 1], [0], "same clips"),
        ([], [], "same clips"),
        ([[0, 1]], [[1, 0]], "same clips"),
        ([0, 2], [0, 1], "targets must be whole numbers from 0 to 1"),
        ([0, 1], [0, -1], "predictions must be whole"),
        ([0, 1], [0.5, 1], "predictions must be whole"),
    ],
)
def test_unusable_indices_are_named(tmp_path, targets, predictions, said):
    with pytest.raises(InputError, match=said):
        plot_confusion_matrix(targets, predictions, ["a", "b"], tmp_path / "confusion.png")
    assert not list(tmp_path.iterdir())


def test_label_scores_are_best_first_without_unscored_labels(tmp_path, drawn):
    rows = [*table(3), {"label": "never there", "positives": 0, "average_precision": None}]
    assert_whole_png(plot_label_scores(rows, tmp_path / "scores.png"))
    assert ticks(drawn[0].axes[0].yaxis) == ["label 2 (2)", "label 1 (1)", "label 0 (0)"]


def test_of_many_labels_the_best_and_the_worst_are_shown(tmp_path, drawn):
    assert_whole_png(plot_label_scores(table(527), tmp_path / "scores.png"))
    shown = ticks(drawn[0].axes[0].yaxis)
    assert (len(shown), shown[0], shown[19], shown[20]) == (
        40,
        "label 526 (526)",
        "label 507 (507)",
        "label 19 (19)",
    )


def test_label_scores_of_nothing():
    with pytest.raises(InputError, match="no label with an average precision"):
        plot_label_scores([], "scores.png")


def test_a_failed_write_leaves_the_old_picture(tmp_path, monkeypatch):
    path = tmp_path / "scores.png"
    path.write_bytes(b"old")

    def full(self, draft, **kwargs):
        draft.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(InputError, match="scores.png' cannot be written .No space left"):
        plot_label_scores(table(3), path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("scores.png", b"old")]
