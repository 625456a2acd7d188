"""The figures of the layers' probes show the numbers in the results."""

import copy

import numpy as np
import pytest
from PIL import Image

from whisper_at_hf.analysis.layers.figures import (
    draw_accuracies,
    draw_best_layers,
    plot_accuracies,
    plot_best_layers,
)
from whisper_at_hf.analysis.layers.tables import accuracy_rows, class_rows, markdown

LABELS = ["Dog", "Rain $x_1$ and $y$"]


def probe(mean: float, std: float = 0.02) -> dict:
    return {"accuracy_by_fold": [mean - std, mean + std], "mean": mean, "std": std}


def classes(*f1: list[float]) -> list[dict]:
    """A row for each label, of its F1 by layer."""
    return [
        {
            "label": label,
            "clips": 8,
            "best_layer": int(np.argmax(scores)) + 1,
            "f1": max(scores),
            "tied_layers": [layer + 1 for layer, score in enumerate(scores) if score == max(scores)],
            "f1_by_layer": scores,
        }
        for label, scores in zip(LABELS, f1, strict=True)
    ]


def model(name: str, accuracies: list[float], *f1: list[float]) -> dict:
    probes = {f"layer {layer + 1}": probe(value) for layer, value in enumerate(accuracies)}
    probes |= {"mean of layers": probe(0.88), "all layers": probe(0.95, 0.01)}
    return {"name": name, "layers": len(accuracies), "probes": probes, "classes": classes(*f1)}


@pytest.fixture
def results() -> dict:
    return {
        "data": {"name": "some $data$ of $ours$", "clips": 16, "labels": LABELS, "folds": ["1", "2"]},
        "settings": {"window_length_s": 10.0, "probe": "a probe", "best_layer_per_class": "highest F1"},
        "models": [
            model("small", [0.7, 0.9], [0.5, 0.75], [0.9, 0.9]),
            model("large", [0.8, 0.85, 0.75], [0.5, 0.25, 1.0], [1.0, 0.9, 0.9]),
        ],
    }


def ticks(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def test_accuracies_are_drawn_by_layer(results):
    figure = draw_accuracies(results)
    (axes,) = figure.axes
    lines = [line for line in axes.lines if line.get_label() in ("small (2 layers)", "large (3 layers)")]
    assert [line.get_xdata().tolist() for line in lines] == [[1, 2], [1, 2, 3]]
    assert np.allclose(np.concatenate([line.get_ydata() for line in lines]), [70, 90, 80, 85, 75])
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 2
    ends = [container for container in axes.containers if container.has_yerr]
    assert [float(end.lines[0].get_ydata()[0]) for end in ends] == pytest.approx([88, 95, 88, 95])
    assert min(end.lines[0].get_xdata()[0] for end in ends) > 3
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.y0, band.y1) == pytest.approx((68, 92))
    assert ticks(axes.xaxis) == ["1", "2", "3", "mean of\nlayers", "all\nlayers"]
    assert "%" in axes.get_ylabel() and "2 folds" in axes.get_title() and "standard deviation" in axes.get_title()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["small (2 layers)", "large (3 layers)"]


def test_models_of_very_different_depth_are_drawn_by_relative_depth(results):
    deep = model("deep", [0.5] * 8, [0.5] * 8, [0.5] * 8)
    (axes,) = draw_accuracies({**results, "models": [results["models"][0], deep]}).axes
    lines = [line for line in axes.lines if "layers)" in str(line.get_label())]
    assert lines[0].get_xdata().tolist() == [0.5, 1] and lines[1].get_xdata()[0] == 1 / 8
    assert "number of layers" in axes.get_xlabel() and ticks(axes.xaxis)[:4] == ["0.25", "0.50", "0.75", "1.00"]


def test_the_best_layer_of_each_class_is_framed(results):
    figure = draw_best_layers(results)
    small, large, colors = figure.axes
    assert [axes.get_title() for axes in (small, large)] == ["small", "large"]
    # Rain, with the higher mean F1, comes first.
    assert ticks(small.yaxis) == [LABELS[1], LABELS[0]]
    assert small.images[0].get_array().tolist() == [[0.9, 0.9], [0.5, 0.75]]
    assert large.images[0].get_array().tolist() == [[1.0, 0.9, 0.9], [0.5, 0.25, 1.0]]
    framed = [[tuple(np.round(patch.get_center())) for patch in axes.patches] for axes in (small, large)]
    assert framed == [[(0, 0), (1, 1)], [(0, 0), (2, 1)]]  # (column, row)
    assert [text.get_text() for text in small.texts] == ["0.90", "0.90", "0.50", "0.75"]
    assert ticks(large.xaxis) == ["1", "2", "3"]
    assert "F1" in colors.get_ylabel() and small.images[0].get_clim() == large.images[0].get_clim() == (0.2, 1.0)


def test_many_layers_are_drawn_without_numbers(results):
    deep = model("deep", [0.5] * 48, [0.5] * 48, [0.5] * 48)
    panels = draw_best_layers({**results, "models": [deep]}).axes
    assert not panels[0].texts and ticks(panels[0].xaxis)[:3] == ["4", "8", "12"]


@pytest.mark.parametrize("plot", [plot_accuracies, plot_best_layers])
def test_files_for_screen_and_print(results, tmp_path, plot):
    before = copy.deepcopy(results)
    paths = plot(results, tmp_path / "figure")
    assert [path.name for path in paths] == ["figure.png", "figure.svg"] and results == before
    with Image.open(paths[0]) as image:
        image.load()
        assert min(image.size) > 300
    assert "<svg" in paths[1].read_text()


def test_tables(results):
    assert accuracy_rows(results) == [
        ("probe", "small", "large"),
        ("layer 1", "70.00 ± 2.00", "80.00 ± 2.00"),
        ("layer 2", "90.00 ± 2.00", "85.00 ± 2.00"),
        ("layer 3", "", "75.00 ± 2.00"),
        ("mean of layers", "88.00 ± 2.00", "88.00 ± 2.00"),
        ("all layers", "95.00 ± 1.00", "95.00 ± 1.00"),
    ]
    assert class_rows(results)[1:] == [
        ("Dog", "8", "2 (0.750)", "3 (1.000)"),
        (LABELS[1], "8", "1 (0.900), as 2", "1 (1.000)"),
    ]
    text = markdown(results, "layers", "best_layers")
    assert "| layer 3 |  | 75.00 ± 2.00 |" in text and "(layers.png)" in text and "(best_layers.png)" in text
    assert "12.5 points" in text  # one clip of 8
