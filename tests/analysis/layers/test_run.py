"""`analyze_layers` and its command on tiny models: numbers, files, interrupted runs, and errors as one sentence."""

import json
import warnings

import numpy as np
import pytest
from labelled_sounds import PITCHES, save_tiny_whisper, write_csv, write_tones
from speech_models import save_speech_model
from transformers.utils import logging
from typer.testing import CliRunner

from whisper_at_hf.analysis.layers.encoders import SpeechEncoder
from whisper_at_hf.analysis.layers.run import analyze_layers
from whisper_at_hf.cli import app
from whisper_at_hf.errors import InputError
from whisper_at_hf.features import Encoder

LABELS = sorted(PITCHES)
FILES = ["best_layers.png", "best_layers.svg", "layers.json", "layers.md", "layers.png", "layers.svg"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """clips.csv of 18 clips of three classes in three folds, bare.csv without folds, and two models."""
    folder = tmp_path_factory.mktemp("layers")
    labels = LABELS * 6
    names = write_tones(folder, [[label] for label in labels])
    folds = [str(number // 3 % 3) for number in range(18)]
    write_csv(folder / "clips.csv", list(zip(names, labels, folds, strict=True)), ("path", "label", "fold"))
    write_csv(folder / "bare.csv", list(zip(names, labels, strict=True)))
    save_tiny_whisper(folder / "whisper")
    save_speech_model(folder / "hubert", "hubert-large")
    return folder


@pytest.fixture
def analyze(folder, tmp_path):
    """`analyze_layers` of both models on clips.csv into tmp_path / "output"."""

    def analyze(data="clips.csv", models=("whisper", "hubert"), cache=folder / "features", **options):
        paths = [folder / model for model in models]
        return analyze_layers(
            folder / data, paths, tmp_path / "output", window_length_s=1.2, cache_dir=cache, **options
        )

    return analyze


@pytest.fixture
def cli(monkeypatch):
    """Runs `whisper-at ...` in this process, and puts back what it calms."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setenv("COLUMNS", "200")
    verbosity = logging.get_verbosity()

    def cli(*arguments):
        with warnings.catch_warnings():
            return CliRunner().invoke(app, [str(argument) for argument in arguments])

    yield cli
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()


def test_results_hold_all_numbers(analyze, tmp_path, folder):
    results = analyze()
    assert sorted(file.name for file in (tmp_path / "output").iterdir()) == FILES
    text = (tmp_path / "output" / "layers.json").read_text()
    assert json.loads(text) == results and str(folder) not in text
    assert results["data"] == {
        "name": "clips.csv",
        "clips": 18,
        "left_out": 0,
        "labels": LABELS,
        "folds": ["0", "1", "2"],
    }
    whisper, hubert = results["models"]
    assert [(one["name"], one["model_type"], one["layers"]) for one in (whisper, hubert)] == [
        ("whisper", "whisper", len(whisper["probes"]) - 2),
        ("hubert", "hubert", 2),
    ]
    for model in results["models"]:
        layers = [model["probes"][f"layer {layer + 1}"] for layer in range(model["layers"])]
        assert model["best_layer"] == 1 + int(np.argmax([probe["mean"] for probe in layers]))
        for probe in layers:
            assert probe["mean"] == pytest.approx(np.mean(probe["accuracy_by_fold"]))
            assert probe["std"] == pytest.approx(np.std(probe["accuracy_by_fold"], ddof=1))
        recalls = np.array([row["recall_by_layer"] for row in model["classes"]])  # of classes of equal size
        np.testing.assert_allclose(recalls.mean(axis=0), [probe["mean"] for probe in layers])
    assert max(probe["mean"] for probe in hubert["probes"].values()) > 0.6  # of three pitches


@pytest.mark.long
def test_an_interrupted_run_encodes_no_clip_twice(analyze, tmp_path, monkeypatch):
    encoded, stops = [], []
    for encoder in (Encoder, SpeechEncoder):
        whole = encoder.__call__

        def cut_off(self, windows, whole=whole, encoder=encoder):
            if sum(encoded) == 24 and not stops:  # in the middle of the second model
                stops.append(True)
                raise KeyboardInterrupt
            encoded.append(len(windows))
            return whole(self, windows)

        monkeypatch.setattr(encoder, "__call__", cut_off)
    with pytest.raises(KeyboardInterrupt):
        analyze(cache=tmp_path / "features", batch_size=6)
    analyze(cache=tmp_path / "features", batch_size=6)
    assert sum(encoded) == 2 * 18


@pytest.mark.long
def test_folds_are_drawn_where_there_are_none(analyze):
    one, other = analyze("bare.csv", ["hubert"]), analyze("bare.csv", ["hubert"])
    assert one == other and one["data"]["folds"] == ["1", "2", "3", "4", "5"]
    assert analyze("bare.csv", ["hubert"], num_folds=3)["data"]["folds"] == ["1", "2", "3"]
    assert analyze(models=["hubert"], num_folds=2)["data"]["folds"] == ["1", "2"]


@pytest.mark.long
def test_models_of_one_name_are_told_apart(analyze):
    assert [model["name"] for model in analyze(models=["hubert", "hubert"])["models"]] == ["hubert", "hubert (2)"]


@pytest.mark.long
def test_unreadable_clips_are_left_out_with_a_warning(analyze, folder):
    (folder / "broken.wav").write_bytes(b"nothing")
    lines = (folder / "clips.csv").read_text() + "broken.wav,low,1\n"
    (folder / "with-broken.csv").write_text(lines)
    with pytest.warns(UserWarning, match="1 clip could not be read and left out: .*broken.wav"):
        results = analyze("with-broken.csv")
    assert (results["data"]["clips"], results["data"]["left_out"]) == (18, 1)
    assert results["models"][1]["probes"] == analyze()["models"][1]["probes"]


def test_data_that_cannot_be_probed(analyze, folder):
    name = write_tones(folder / "more", [["low"]])[0]
    write_csv(folder / "two.csv", [(f"more/{name}", "low;mid")])
    with pytest.raises(InputError, match=f"{name}' has 2 labels, but a probe of layers needs exactly one"):
        analyze("two.csv")
    write_csv(folder / "one.csv", [(f"more/{name}", "low")])
    with pytest.raises(InputError, match="one class only"):
        analyze("one.csv")
    write_csv(folder / "gone.csv", [("gone.wav", "low"), (f"more/{name}", "mid")])
    with pytest.raises(InputError, match="1 clip not found .*gone.wav.*: correct the paths, or take them out"):
        analyze("gone.csv")
    with pytest.raises(InputError, match="name at least one speech encoder"):
        analyze(models=[])


def test_command(cli, folder, tmp_path):
    arguments = ["--data", folder / "clips.csv", "--model", folder / "whisper", "--model", folder / "hubert"]
    result = cli(
        "analyze", "layers", *arguments, "--window", 1.2, "--cache", folder / "features", "--output", tmp_path / "out"
    )
    assert result.exit_code == 0, result.output
    assert "all layers" in result.output and "hubert" in result.output and "Wrote" in result.output
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == FILES


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--data": "nothing.csv"}, "does not exist"),
        ({"--model": "nothing/there/at-all"}, "cannot be loaded as a speech encoder"),
        ({"--window": "1.3"}, "multiple of"),
        ({"--folds": "40"}, "40 folds of 3"),
    ],
)
def test_errors_of_the_command_are_one_sentence(cli, folder, tmp_path, changes, said):
    options = {
        "--data": folder / "clips.csv",
        "--model": folder / "whisper",
        "--output": tmp_path / "out",
        "--cache": folder / "features",
        **changes,
    }
    result = cli("analyze", "layers", "--quiet", *(part for option in options.items() for part in option))
    assert result.exit_code == 2 and isinstance(result.exception, SystemExit)
    assert said in result.output and result.output.count("error:") == 1 and "Traceback" not in result.output


@pytest.mark.real
@pytest.mark.data
def test_tiny_en_knows_sounds(tiny_en_whisper, data_folder, esc10, tmp_path):
    """8 clips a class of five classes: far above chance in every layer, as with all clips (91 to 94 %)."""
    chosen = sorted({row["label"] for row in esc10})[::2]
    rows = [row for label in chosen for row in [one for one in esc10 if one["label"] == label][::5]]
    clips = [(str(row["file"]), row["label"], row["fold"]) for row in rows]
    write_csv(tmp_path / "clips.csv", clips, ("path", "label", "fold"))
    folders = {"output": tmp_path / "output", "cache_dir": tmp_path / "cache"}
    results = analyze_layers(tmp_path / "clips.csv", [tiny_en_whisper], window_length_s=5.2, **folders)
    assert results["data"]["clips"] == 40 and len(results["data"]["folds"]) == 5
    (model,) = results["models"]
    assert model["layers"] == 4 and all(probe["mean"] > 0.6 for probe in model["probes"].values())
