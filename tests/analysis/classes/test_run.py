"""F1 of each class against the errors it causes: numbers, correlation, figure and what its caption admits."""

import json

import numpy as np
import pytest
from analysis_results import F1, LABELS, write_layers, write_robustness

from whisper_at_hf.analysis.classes import report as class_report
from whisper_at_hf.analysis.classes.run import analyze_classes, correlate
from whisper_at_hf.errors import InputError


@pytest.fixture
def folders(tmp_path):
    return write_robustness(tmp_path / "robustness"), write_layers(tmp_path / "layers"), tmp_path / "output"


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved."""
    figures = []
    save = class_report.save_for_print
    monkeypatch.setattr(
        class_report, "save_for_print", lambda figure, path: figures.append(figure) or save(figure, path)
    )
    return figures


def test_increase_is_the_mean_over_ratios_less_the_speech_alone(folders):
    results = analyze_classes(*folders)
    assert [model["name"] for model in results["models"]] == ["tiny", "base"]
    rows = {row["label"]: row for row in results["models"][0]["classes"]}
    # 10 %, and 20 or 80 % at -10 dB, less 10 %.
    assert rows["dog_bark"]["increase"] == pytest.approx((0.1 + 0.2) / 2 - 0.1)
    assert rows["rain"]["increase"] == pytest.approx((0.1 + 0.8) / 2 - 0.1)
    # The two utterances differ, so a resample lies between the one twice and the other twice.
    assert rows["rooster"]["increase"] == pytest.approx(0.1)
    assert (rows["rooster"]["low"], rows["rooster"]["high"]) == pytest.approx((0.05, 0.15))
    assert {label: row["f1"] for label, row in rows.items()} == F1


def test_chosen_ratios_and_layer(folders):
    results = analyze_classes(*folders, snrs=[-10], layer=1)
    rows = {row["label"]: row for row in results["models"][0]["classes"]}
    assert rows["rain"]["increase"] == pytest.approx(0.7) and rows["rain"]["f1"] == 0.3
    assert (results["snrs"], results["models"][0]["layer"]) == ([-10.0], 1)


def test_correlation_by_hand():
    f1, increase = [0.9, 0.6, 0.8, 0.7, 0.5], [0.05, 0.35, 0.1, 0.225, 0.3]
    found = correlate(f1, increase)
    x, y = np.array(f1) - np.mean(f1), np.array(increase) - np.mean(increase)
    r = (x @ y) / np.sqrt((x @ x) * (y @ y))
    assert found["n"] == 5 and found["pearson"] == pytest.approx(r)
    assert found["slope"] == pytest.approx((x @ y) / (x @ x))
    assert found["intercept"] == pytest.approx(np.mean(increase) - found["slope"] * np.mean(f1))
    # Ranks 5 2 4 3 1 against 1 5 2 3 4: 1 - 6 * sum of squares / (n (n^2 - 1)).
    assert found["spearman"] == pytest.approx(1 - 6 * (16 + 9 + 4 + 0 + 9) / (5 * 24))
    # Fisher: atanh r +- 1.96 / sqrt(n - 3).
    ends = np.tanh(np.arctanh(r) + np.array([-1.959964, 1.959964]) / np.sqrt(2))
    assert (found["pearson_low"], found["pearson_high"]) == pytest.approx(tuple(ends), abs=1e-5)


def test_no_correlation_where_a_value_is_constant():
    found = correlate([1.0, 1.0, 1.0], [0.1, 0.2, 0.3])
    assert found == {"n": 3, **dict.fromkeys(list(found)[1:])}
    flat = correlate([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])
    assert flat["pearson"] is None and flat["slope"] == pytest.approx(0.0)


def test_the_files_and_the_caption(folders):
    results = analyze_classes(*folders)
    output = folders[2]
    names = {"classes.json", "classes.md", "classes.png", "classes.svg"}
    assert {path.name for path in output.iterdir()} == names
    assert json.loads((output / "classes.json").read_text()) == results
    shows, does_not = results["caption"].split("\n\n")
    assert shows.startswith("What it shows: a point for each of 4 classes") and "mean of 10, −10 dB" in shows
    assert "layer 2 of tiny and layer 2 of base" in shows and "over 2 utterances" in shows
    assert does_not.startswith("What it cannot show: with 4 classes a correlation weaker than about 0.95")
    assert "between 60 and 90 %" in does_not and "by 2.5 points" in does_not
    text = (output / "classes.md").read_text()
    assert shows in text and does_not in text and "| rain | tiny | 2 | 60.0 | 35.0 | 35.0 to 35.0 |" in text


def test_figure(folders, drawn):
    results = analyze_classes(*folders)
    panels = drawn[0].axes
    assert len(panels) == 2
    for axes, model in zip(panels, results["models"], strict=True):
        points = axes.collections[-1].get_offsets()
        assert np.allclose(points, [[100 * row["f1"], 100 * row["increase"]] for row in model["classes"]])
        names = {text.get_text() for text in axes.texts if text.get_text()}
        assert names == {"dog bark", "rain", "rooster", "sea waves"}
        (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
        fit = model["correlation"]
        assert line.get_xdata() == pytest.approx([60, 90])
        assert line.get_ydata() == pytest.approx([100 * (fit["slope"] * f1 + fit["intercept"]) for f1 in (0.6, 0.9)])
        assert axes.get_title() == f"{model['name']}: r = −{-fit['pearson']:.2f}, ρ = −1.00, n = 4"
        assert axes.get_xlabel() == "F1 of recognising the sound, %\n(linear probe, layer 2)"
    assert panels[0].get_ylabel() == "increase of the word error rate, points"


def test_what_does_not_go_together(tmp_path, folders):
    robustness, layers, output = folders
    with pytest.raises(InputError, match="at 5 dB, only at 10, -10"):
        analyze_classes(robustness, layers, output, snrs=[5])
    with pytest.raises(InputError, match="tiny has the layers 1 to 2, not 3"):
        analyze_classes(robustness, layers, output, layer=3)
    with pytest.raises(InputError, match="no model is in both"):
        analyze_classes(robustness, write_layers(tmp_path / "other", names=["large"]), output)
    with pytest.raises(InputError, match="only 2 classes are in both"):
        analyze_classes(robustness, write_layers(tmp_path / "few", labels=LABELS[:2]), output)
    with pytest.raises(InputError, match="does not hold probes of layers"):
        analyze_classes(robustness, tmp_path, output)
    with pytest.raises(InputError, match="does not hold word errors"):
        analyze_classes(tmp_path, layers, output)
    assert not output.exists()


def test_models_that_share_a_name_are_not_taken_for_each_other(tmp_path):
    names = ("tiny", "tiny (2)")
    robustness, layers = write_robustness(tmp_path / "r", names), write_layers(tmp_path / "l", names[::-1])
    with pytest.raises(InputError, match="Several models were called 'tiny'"):
        analyze_classes(robustness, layers, tmp_path / "output")


@pytest.mark.parametrize(
    "damage",
    [
        lambda results: results.pop("settings"),
        lambda results: results.update(utterances=[]),
        lambda results: results.update(models=[]),
        lambda results: results["models"][0]["transcriptions"].append([0]),
        lambda results: results["models"][0]["transcriptions"].append([99, 0, 10.0, 1]),
    ],
)
def test_damaged_results_are_one_sentence_and_write_nothing(folders, damage):
    robustness, layers, output = folders
    results = json.loads((robustness / "robustness.json").read_text())
    damage(results)
    (robustness / "robustness.json").write_text(json.dumps(results))
    with pytest.raises(InputError, match="again|first"):
        analyze_classes(robustness, layers, output)
    assert not output.exists()


def test_labels_with_dollar_signs_are_names_and_no_formulas(tmp_path, monkeypatch):
    monkeypatch.setitem(F1, r"$\frac$ x", 0.5)
    labels = [r"$\frac$ x", *LABELS[1:]]
    robustness, layers = write_robustness(tmp_path / "r", ("$m_$",)), write_layers(tmp_path / "l", ("$m_$",), labels)
    text = (robustness / "robustness.json").read_text().replace('"label": "dog_bark"', '"label": "$\\\\frac$ x"')
    (robustness / "robustness.json").write_text(text)
    analyze_classes(robustness, layers, tmp_path / "output")
    assert (tmp_path / "output" / "classes.png").is_file()
