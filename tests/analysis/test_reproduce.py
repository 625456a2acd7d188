"""All analyses in one go: what is written, what is estimated first, and nothing done twice."""

import warnings

import pytest
from labelled_sounds import save_tiny_whisper
from noisy_speech import FakeRecogniser, write_sounds, write_speech
from typer.testing import CliRunner

from whisper_at_hf.analysis import reproduce as module
from whisper_at_hf.analysis.reproduce import PAPER, SMALL, Estimate, Grid, describe, reproduce
from whisper_at_hf.analysis.robustness import run as robustness
from whisper_at_hf.analysis.robustness.transcriptions import clock
from whisper_at_hf.cli import app
from whisper_at_hf.errors import InputError

LABELS = ("dog", "rain", "sea")
CLIPS = 5
GRID = Grid([0, -20], utterances=4)
TEXTS = 4 + 4 * len(LABELS) * 2


@pytest.fixture
def fakes(monkeypatch):
    """All recognisers that were loaded, in order."""
    loaded = []

    def load(model, batch_size, dtype, device, fallback):
        loaded.append(FakeRecogniser("whisper", batch_size))
        return loaded[-1]

    for user in (module, robustness):
        monkeypatch.setattr(user, "load_recogniser", load)
    return loaded


@pytest.fixture
def material(tmp_path):
    speech, sounds = write_speech(tmp_path / "speech"), write_sounds(tmp_path / "sounds", LABELS, clips=CLIPS)
    return speech, sounds, [str(save_tiny_whisper(tmp_path / "whisper"))]


@pytest.fixture
def run(tmp_path, material, fakes):
    def run(grid=GRID, **options):
        return reproduce(*material, tmp_path / "output", grid, 1.2, cache=tmp_path / "cache", batch_size=4, **options)

    return run


def test_the_papers_grid():
    assert PAPER.utterances * PAPER.sounds_per_class * 50 * len(PAPER.snrs) == 40 * 40 * 50 * 9
    assert SMALL.utterances * SMALL.sounds_per_class * 10 * len(SMALL.snrs) == 2400


def test_every_part_is_there_and_shown_on_one_page(run, tmp_path, fakes):
    said = []
    run(announce=said.append)
    output = tmp_path / "output"
    page = (output / "README.md").read_text(encoding="utf-8")
    for part in ("layers", "robustness", "classes"):
        assert (output / part / f"{part}.json").is_file()
        assert f"]({part}/{part}.png)" in page and (output / part / f"{part}.png").is_file()
    assert any("15 clips to encode" in line or f"of {TEXTS} mixtures" in line for line in said)
    assert sum(len(fake.heard) for fake in fakes) == TEXTS


def test_the_estimate_comes_first_and_alone_if_asked(run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TRIAL_CLIPS", 3)
    monkeypatch.setattr(module, "TRIAL_TEXTS", 7)
    (estimate,) = run(estimate_only=True)
    # One clip opens the cache, three are timed.
    assert (estimate.clips, estimate.clips_left) == (len(LABELS) * CLIPS, len(LABELS) * CLIPS - 4)
    assert (estimate.texts, estimate.texts_left) == (TEXTS, TEXTS - 7)
    assert estimate.seconds > 0
    assert not (tmp_path / "output").exists()


def test_what_is_left_is_timed_by_what_was_not_done_before(run, monkeypatch):
    """A trial that finds everything in the cache would take no time and promise too much."""
    monkeypatch.setattr(module, "TRIAL_CLIPS", 2)
    monkeypatch.setattr(module, "TRIAL_TEXTS", 5)
    first, second = (run(estimate_only=True)[0] for _ in range(2))
    assert second.clips_left == first.clips_left - 2
    assert second.texts_left == first.texts_left - 5
    assert second.seconds > 0


def test_started_again_nothing_is_done_twice(run, fakes):
    run()
    done = sum(len(fake.heard) for fake in fakes)
    (estimate,) = run()
    assert (estimate.clips_left, estimate.texts_left) == (0, 0)
    assert sum(len(fake.heard) for fake in fakes) == done == TEXTS


def test_no_model(material, tmp_path):
    with pytest.raises(InputError, match="--model"):
        reproduce(*material[:2], [], tmp_path / "output")


def test_what_the_last_part_needs_is_asked_for_first(material, fakes, tmp_path):
    speech, _, models = material
    sounds = write_sounds(tmp_path / "two", LABELS[:2], clips=CLIPS)
    with pytest.raises(InputError, match="has 2 classes that can be used"):
        reproduce(speech, sounds, models, tmp_path / "output", GRID, 1.2, cache=tmp_path / "cache")
    assert not any(fake.heard for fake in fakes)


def test_an_output_that_is_a_file_is_refused_first(material, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file' is a file"):
        reproduce(*material, tmp_path / "file", GRID, 1.2, cache=tmp_path / "cache")


def test_times_in_words():
    assert clock(20) == "less than a minute"
    assert clock(150) == "about 2 min"
    assert clock(3 * 3600 + 61) == "about 3 h 1 min"
    sentence = describe(Estimate("openai/whisper-base", 400, 380, 2440, 2400, 600.0))
    assert (
        sentence == "whisper-base: 380 of 400 clips to encode and 2400 of 2440 mixtures to transcribe, about 10 min."
    )


@pytest.fixture
def cli(monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def cli(*arguments):
        with warnings.catch_warnings():
            return CliRunner().invoke(app, ["analyze", "reproduce", *map(str, arguments)])

    return cli


def test_the_command(cli, material, fakes, tmp_path):
    speech, sounds, (model,) = material
    arguments = ["--speech", speech, "--sounds", sounds, "--model", model, "--output", tmp_path / "output"]
    arguments += ["--cache", tmp_path / "cache", "--window", 1.2, "--utterances", 4, "--small"]
    estimated = cli(*arguments, "--estimate")
    assert estimated.exit_code == 0 and f"of {4 + 4 * len(LABELS) * 6} mixtures" in estimated.output
    assert not (tmp_path / "output").exists()
    made = cli(*arguments)
    assert made.exit_code == 0, made.output
    assert (tmp_path / "output" / "README.md").is_file()


def test_the_command_names_what_is_wrong(cli, material, fakes, tmp_path):
    speech, _, (model,) = material
    result = cli("--speech", speech, "--sounds", tmp_path / "none.csv", "--model", model, "--output", tmp_path / "o")
    assert result.exit_code == 2
    assert "none.csv" in result.output and "Traceback" not in result.output
