"""The best layer of each class, by predictions made by hand."""

import numpy as np
import pytest

from whisper_at_hf.analysis.layers.best_layers import best_layers

TARGETS = np.array([0, 0, 1, 1, 2, 2])
LABELS = ["Dog", "Rain", "Sea"]


def test_scores_are_those_of_the_class_against_the_rest():
    layers = [np.array([0, 1, 1, 1, 0, 2]), np.array([0, 0, 1, 0, 0, 0])]
    dog, rain, sea = best_layers(layers, TARGETS, LABELS)
    assert (dog["label"], dog["clips"], dog["best_layer"]) == ("Dog", 2, 2)
    assert dog["precision_by_layer"] == pytest.approx([1 / 2, 2 / 5])
    assert dog["recall_by_layer"] == pytest.approx([1 / 2, 1])
    assert dog["f1_by_layer"] == pytest.approx([1 / 2, 4 / 7])
    assert (dog["f1"], dog["recall"], dog["precision"]) == pytest.approx((4 / 7, 1, 2 / 5))
    assert rain["f1_by_layer"] == pytest.approx([4 / 5, 2 / 3]) and rain["best_layer"] == 1
    assert sea["f1_by_layer"] == pytest.approx([2 / 3, 0]) and sea["tied_layers"] == [1]


def test_of_equal_layers_the_more_accurate_is_taken():
    layers = [np.array([0, 0, 2, 2, 1, 1]), np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 1, 1, 1, 2])]
    dog, rain, _ = best_layers(layers, TARGETS, LABELS)
    assert (dog["best_layer"], dog["tied_layers"]) == (2, [1, 2, 3])
    assert (rain["best_layer"], rain["tied_layers"]) == (2, [2])


def test_of_equally_accurate_layers_the_first_is_taken():
    layers = [np.array([1, 1, 1, 1, 2, 2]), np.array([0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1])]
    dog, rain, sea = best_layers(layers, TARGETS, LABELS)
    assert (dog["best_layer"], dog["tied_layers"]) == (2, [2, 3])
    assert (rain["best_layer"], rain["tied_layers"]) == (1, [1, 2, 3])
    assert (sea["best_layer"], sea["tied_layers"]) == (1, [1])


def test_a_class_that_no_layer_finds_has_no_score():
    rows = best_layers([np.array([0, 0, 1, 1, 1, 1])], TARGETS, LABELS)
    assert (rows[2]["f1"], rows[2]["recall"], rows[2]["precision"], rows[2]["best_layer"]) == (0, 0, 0, 1)
