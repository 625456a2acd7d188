"""The long-audio benchmark's own work: recordings, medians and ratios, and how it goes on after a stop."""

import csv
import json

import numpy as np
import pytest
import soundfile
from long_audio.material import Material, at_level_of
from long_audio.measure import Task
from long_audio.plan import speed_tasks, word_error_tasks
from long_audio.results import Results, growth_rows, speed_rows, word_error_rows

from whisper_at_hf.errors import InputError

WORDS = [f"word{index}" for index in range(20)]


@pytest.fixture
def material(tmp_path) -> Material:
    """Twenty sentences of 3 s with one word each, and two sounds."""
    rng = np.random.default_rng(0)
    for name, count, seconds in (("speech", 20, 3), ("esc10", 2, 5)):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        with (folder / "labels.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, ["path", "duration", "transcript"])
            table.writeheader()
            for index in range(count):
                soundfile.write(folder / f"{index}.flac", 0.1 * rng.standard_normal(seconds * 16_000), 16_000)
                table.writerow({"path": f"{index}.flac", "duration": seconds, "transcript": WORDS[index]})
    return Material(tmp_path / "data", tmp_path / "made")


def run(peer: str, seconds: float, file: str = "part 1 of 2", **values) -> dict:
    key = {"model": "tiny", "peer": peer, "dtype": "float32", "file": file, "repeat": 0}
    measured = {"minutes": 2.0, "seconds": seconds, "peak_rss_mb": 100.0, "parts": {}}
    return {**key, **measured, "wrong_words": 1, "words": 10, **values}


def test_the_parts_hold_every_utterance_once(material):
    parts = material.parts(0.5)

    assert [part.name for part in parts] == ["part 1 of 2", "part 2 of 2"]
    assert sorted(word for part in parts for word in part.transcript.split()) == sorted(WORDS)
    # Ten sentences and one sound each.
    assert [soundfile.info(part.path).duration for part in parts] == [35.0, 35.0]
    assert [part.minutes for part in parts] == pytest.approx([35 / 60] * 2)


def test_a_long_recording_repeats_utterances_to_its_length(material):
    recording = material.of_length(3.0)

    assert recording.minutes == pytest.approx(3.0, abs=0.1)
    assert recording.transcript.split()[:20] == recording.transcript.split()[20:40]


def test_missing_data_is_named(tmp_path):
    with pytest.raises(InputError, match="--data takes the folder"):
        Material(tmp_path, tmp_path / "made")


def test_a_sound_gets_the_level_of_the_speech_unless_it_would_clip():
    speech = np.full(100, 0.1, np.float32)
    peak = np.zeros(100, np.float32)
    peak[0] = 0.5

    assert np.allclose(at_level_of(np.full(50, 0.4, np.float32), speech), 0.1)
    assert np.abs(at_level_of(peak, speech)).max() == pytest.approx(0.9)
    assert not at_level_of(np.zeros(5, np.float32), speech).any()


def test_repeats_are_interleaved_and_other_peers_keep_their_dtype(material):
    recording = material.of_length(0.1)
    tasks = list(speed_tasks(["tiny"], ["original", "batched"], ["float32", "bfloat16"], recording, 2))

    order = [("original", "default"), ("batched", "float32"), ("batched", "bfloat16")]
    assert [(task.peer, task.dtype) for task in tasks] == 2 * order
    assert [task.repeat for task in tasks] == [0, 0, 0, 1, 1, 1]
    # Its text is that of "sequential".
    assert not list(word_error_tasks(["tiny"], ["sequential-text", "tags-only"], ["float32"], [recording]))


def test_speed_rows_hold_medians_and_ratios():
    runs = [
        run("stock-asr+ast", 40.0, parts={"ast": 16.0}),
        *(run("original", seconds, repeat=repeat) for repeat, seconds in enumerate((10.0, 90.0, 20.0))),
        run("batched-text", 4.0),
        run("batched", 5.0),
        {"model": "tiny", "peer": "stream", "dtype": "float32", "file": "part 1 of 2", "repeat": 0, "error": "no"},
        run("batched", 500.0, file="part 2 of 2"),
    ]
    rows = {row["peer"]: row for row in speed_rows(runs, "part 1 of 2")}

    assert rows["original"]["seconds"] == 20.0
    assert rows["batched"]["real_time_factor"] == pytest.approx(5 / 120)
    assert rows["batched"]["word_error_rate"] == 0.1
    assert rows["batched"]["ratios"] == {"stock-asr+ast": 0.125, "ast": 0.3125, "original": 0.25, "without tags": 1.25}
    assert rows["stream"]["error"] == "no"


def test_word_errors_count_only_peers_that_have_been_through_all_files():
    files = ["part 1 of 2", "part 2 of 2"]
    runs = [run("batched", 1.0), run("batched", 1.0, files[1], wrong_words=5, words=20), run("original", 1.0)]

    (row,) = word_error_rows(runs, files)

    assert row["peer"] == "batched"
    assert row["word_error_rate"] == pytest.approx(6 / 30)


def test_growth_is_in_order_of_length():
    lengths = (("growth 5 min", 5.0), ("growth 1 min", 1.0), ("part 1 of 2", 2.0))
    (row,) = growth_rows([run("batched", 2 * minutes, file, minutes=minutes) for file, minutes in lengths])

    assert row["minutes"] == [1.0, 5.0]
    assert row["seconds"] == [2.0, 10.0]


def test_an_interrupted_benchmark_goes_on(tmp_path, material):
    path, recording = tmp_path / "results.json", material.of_length(0.1)
    done, failed = (Task("tiny", peer, "float32", recording) for peer in ("batched", "stream"))
    first = Results(path, {"cores": 2}, {})
    first.add({**done.key, "seconds": 1.0, "versions": {"torch": "2"}})
    first.add({**failed.key, "error": "no"})

    second = Results(path, {"cores": 2}, {})

    assert second.has(done)
    assert not second.has(failed)
    assert not second.has(Task("tiny", "batched", "float32", recording, repeat=1))
    assert json.loads(path.read_text())["versions"] == {"ours": {"torch": "2"}}
    with pytest.raises(InputError, match="another machine"):
        Results(path, {"cores": 4}, {})
