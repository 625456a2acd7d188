"""Word error rates against noise: numbers recomputed by hand, what the figure shows, and going on after a stop."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from noisy_speech import FakeRecogniser, write_sounds, write_speech
from PIL import Image
from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

from whisper_at_hf.analysis.robustness import report as robustness_report
from whisper_at_hf.analysis.robustness import run as robustness
from whisper_at_hf.analysis.robustness.error_counts import counts_of
from whisper_at_hf.analysis.robustness.run import analyze_robustness, read_results
from whisper_at_hf.errors import InputError

COMMITTED = Path(__file__).parents[3] / "docs" / "analysis" / "robustness"


@pytest.fixture
def fakes(monkeypatch):
    """The recognisers that were loaded, by name."""
    loaded = {}

    def load(model, batch_size, dtype, device, fallback):
        loaded[model] = FakeRecogniser(model, batch_size)
        return loaded[model]

    monkeypatch.setattr(robustness, "load_recogniser", load)
    return loaded


@pytest.fixture
def run(tmp_path, fakes):
    """`analyze_robustness` with fakes on four utterances and two classes; each run draws its figure anew."""
    speech, sounds = write_speech(tmp_path / "speech"), write_sounds(tmp_path / "sounds")

    def run(models=("one", "two"), output="output", **options):
        options = {"snrs": [0, -20], "utterances": 4, "cache": tmp_path / "cache", "batch_size": 3, **options}
        return analyze_robustness(speech, sounds, models, tmp_path / output, **options)

    return run


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved."""
    figures = []
    save = robustness_report.save_for_print
    monkeypatch.setattr(
        robustness_report, "save_for_print", lambda figure, path: figures.append(figure) or save(figure, path)
    )
    return figures


def edit_distance(reference: list[str], hypothesis: list[str]) -> int:
    """Levenshtein's distance by the book."""
    row = np.arange(len(hypothesis) + 1)
    for place, word in enumerate(reference, 1):
        previous, row = row, np.empty_like(row)
        row[0] = place
        for other, said in enumerate(hypothesis, 1):
            row[other] = min(previous[other] + 1, row[other - 1] + 1, previous[other - 1] + (word != said))
    return int(row[-1])


def by_hand(path: Path, model: str, snr: str, normalise=str) -> float:
    """A point's word error rate from the file of texts."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == model and row["snr"] == snr]
    wrong = words = 0
    for row in rows:
        said, heard = (normalise(row[name]).split() for name in ("transcript", "text"))
        wrong, words = wrong + edit_distance(said, heard), words + len(said)
    return wrong / words


def test_two_points_recomputed_by_hand(run, tmp_path):
    results = run()
    points = {(model["name"], point["snr"]): point for model in results["models"] for point in model["points"]}
    assert set(points) == {(name, snr) for name in ("one", "two") for snr in (None, 0.0, -20.0)}
    texts = tmp_path / "output" / "transcriptions.csv"
    # The fake never hears the eleventh word, and noise costs it more.
    assert points["one", None]["wer"] == pytest.approx(4 / 44) == pytest.approx(by_hand(texts, "one", ""))
    for name, snr in (("one", -20.0), ("two", 0.0)):
        point = points[name, snr]
        assert point["wer"] == pytest.approx(by_hand(texts, name, f"{snr:g}"))
        assert point["wer"] == point["errors"] / point["words"] and point["words"] == 2 * 44
        assert point["low"] <= point["wer"] <= point["high"]
    assert points["one", None]["wer"] < points["one", 0.0]["wer"] <= points["one", -20.0]["wer"]


@pytest.mark.real
@pytest.mark.data
def test_two_real_points_recomputed_by_hand(tiny_en_whisper, data_folder, esc10, tmp_path):
    """tiny.en, 3 utterances, two classes: the counting and the sums against plain code."""
    sounds = tmp_path / "sounds.csv"
    chosen = [row for row in esc10 if row["label"] in ("rain", "dog_bark")]
    sounds.write_text("path,label\n" + "".join(f"{row['file']},{row['label']}\n" for row in chosen))
    results = analyze_robustness(
        data_folder / "speech",
        sounds,
        [str(tiny_en_whisper)],
        tmp_path / "output",
        [10, -10],
        utterances=3,
        cache=tmp_path / "cache",
        device="cpu",
    )
    (model,) = results["models"]
    wer = {point["snr"]: point["wer"] for point in model["points"]}
    texts = tmp_path / "output" / "transcriptions.csv"
    normalise = EnglishTextNormalizer({})
    assert wer[10.0] == pytest.approx(by_hand(texts, model["name"], "10", normalise))
    assert wer[-10.0] == pytest.approx(by_hand(texts, model["name"], "-10", normalise))
    assert wer[None] <= wer[10.0] < wer[-10.0]
    assert wer[None] < 0.15


def test_the_committed_numbers_follow_from_their_counts():
    results = read_results(COMMITTED)
    assert [model["name"] for model in results["models"]] == ["tiny.en", "base"]
    words = [utterance["words"] for utterance in results["utterances"]]
    for model in results["models"]:
        rows = model["transcriptions"]
        assert len(rows) == 40 + 2400
        for snr in (None, -10.0):
            wrong = sum(row[3] for row in rows if row[2] == snr)
            total = sum(words[row[0]] for row in rows if row[2] == snr)
            point = next(point for point in model["points"] if point["snr"] == snr)
            assert (point["errors"], point["words"]) == (wrong, total)
            assert point["wer"] == pytest.approx(wrong / total)
        rates = [point["wer"] for point in model["points"]]
        assert rates == sorted(rates)  # grows with noise, from the speech alone to -20 dB
    text = (COMMITTED / "robustness.json").read_text()
    assert "/tmp" not in text and "/work" not in text and "/home" not in text


def test_an_interrupted_analysis_goes_on(run, fakes, monkeypatch, tmp_path):
    def load(model, batch_size, *_):
        fakes[model] = FakeRecogniser(model, batch_size, fails_at=6 if model == "two" else None)
        return fakes[model]

    with monkeypatch.context() as patch:
        patch.setattr(robustness, "load_recogniser", load)
        with pytest.raises(KeyboardInterrupt):
            run()
    results = run()
    assert len(fakes["one"].heard) == 0 and len(fakes["two"].heard) == 20 - 6
    assert results == run(cache=tmp_path / "another cache", output="again")


def test_the_files(run, tmp_path):
    results = run()
    folder = tmp_path / "output"
    assert {path.name for path in folder.iterdir()} == {
        "robustness.json",
        "robustness.md",
        "robustness.png",
        "robustness.svg",
        "transcriptions.csv",
    }
    assert read_results(folder) == json.loads((folder / "robustness.json").read_text()) == results
    with Image.open(folder / "robustness.png") as image:
        image.load()
        assert image.format == "PNG"
    assert str(tmp_path) not in "".join(path.read_text() for path in folder.iterdir() if path.suffix != ".png")
    # A transcription a line.
    assert "\n    [1, 1, 0.0, " in (folder / "robustness.json").read_text()
    lines = (folder / "robustness.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table[0] == "| WER, % | clean | 0 dB | −20 dB |"
    assert table[2].startswith("| one | 9.1 (9.1–9.1) | ")
    assert "4 utterances of 2 speakers (44 words)" in lines[-1] and "8 sounds" in lines[-1]


def test_rates_by_class(run):
    results = run(models=["one"])
    (model,) = results["models"]
    assert set(model["classes"]) == {"dog", "rain"} and set(model["classes"]["dog"]) == {"0", "-20"}
    mean = np.mean([rates["-20"] for rates in model["classes"].values()])
    assert mean == pytest.approx(model["points"][-1]["wer"])
    counts = counts_of(model, results)
    assert counts.where(-20.0, "dog").sum() == 4


def test_clips_that_cannot_be_read_are_named_and_the_rest_goes_on(run, tmp_path):
    (tmp_path / "speech" / "u2.wav").write_text("no sound")
    (tmp_path / "sounds" / "dog" / "dog1.wav").write_text("no sound")
    said = []
    results = run(models=["one"], announce=said.append)
    assert set(results["left_out"]) == {"u2", "dog/dog1.wav"}
    assert [line.split(":")[1] for line in said if line.startswith("Left out")] == [" u2", " dog/dog1.wav"]
    assert [utterance["name"] for utterance in results["utterances"]] == ["u0", "u1", "u3"]
    point = results["models"][0]["points"][1]
    assert point["transcriptions"] in (5, 6)  # the dog's clip may have been the lost utterance's


def test_two_models_of_the_same_name_are_told_apart(run):
    results = run(models=["one", "one"])
    assert [model["name"] for model in results["models"]] == ["one", "one (2)"]


def test_figure(run, drawn):
    results = run()
    (axes,) = drawn[-1].axes
    curves = {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}
    assert list(curves) == ["one", "two"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two"]
    points = results["models"][0]["points"]
    assert curves["one"].get_xdata().tolist() == [0.0, -20.0]
    assert curves["one"].get_ydata() == pytest.approx([100 * point["wer"] for point in points[1:]])
    left, right = axes.get_xlim()
    assert left > 20 > 0 > -20 > right  # little noise to the left
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["clean", "0", "−20"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("signal-to-noise ratio, dB", "word error rate, %")
    clean = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    assert [line.get_ydata()[0] for line in clean] == pytest.approx([100 * points[0]["wer"]] * 2)
    # Beside each other about one mean distance of the ratios from the highest.
    assert [line.get_xdata()[0] for line in clean] == pytest.approx([20 + 1.2, 20 - 1.2])
    assert len(axes.collections) >= 2  # the bands


def test_rates_beyond_100_percent_are_drawn_at_the_edge_with_their_value(run, drawn, tmp_path):
    results = run(models=["one"])
    for point, wer in zip(results["models"][0]["points"], (0.05, 0.6, 1.634), strict=True):
        point.update(wer=wer, low=0.9 * wer, high=1.1 * wer, capped=min(wer, 0.8), runaways=int(3 * (wer > 1)))
    robustness.write_results(results, tmp_path / "output")
    (axes,) = drawn[-1].axes
    assert axes.get_ylim() == (0, 100)
    assert [text.get_text() for text in axes.texts] == ["163 ↑"]
    (dotted,) = [line for line in axes.lines if line.get_linestyle() == ":" and list(line.get_xdata()) == [0.0, -20.0]]
    assert list(dotted.get_ydata()) == [60.0, 80.0]
    text = (tmp_path / "output" / "robustness.md").read_text()
    assert "beyond 100 %" in text and "at most 3 of 8 by one at −20 dB" in text


@pytest.mark.parametrize("content", [None, "", "{}", '{"models": [{"name": "x"}]}', "[]"])
def test_a_folder_without_results(tmp_path, content):
    if content is not None:
        (tmp_path / "robustness.json").write_text(content)
    with pytest.raises(InputError, match="does not hold word errors"):
        read_results(tmp_path)


def test_no_model(run):
    with pytest.raises(InputError, match="pass --model"):
        run(models=[])


def test_an_output_that_is_a_file(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another --output"):
        run(output="file")
