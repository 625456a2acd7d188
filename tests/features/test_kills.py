"""Extraction in other processes: killed ones, and several at once."""

import csv
from pathlib import Path

import numpy as np
import pytest
from subprocesses import run_python

from whisper_at_hf.data import load_data
from whisper_at_hf.features import FeatureCache, extract_features

CLIPS = 40


@pytest.fixture
def csv_file(make_clips, tmp_path):
    """Forty clips of different lengths."""
    path = tmp_path / "data.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows([row["path"], "noise"] for row in make_clips(*np.linspace(0.3, 1.6, CLIPS)))
    return path


def only_cache(folder):
    (manifest,) = Path(folder).glob("*/manifest.json")
    cache = FeatureCache(manifest.parent)
    cache.verify()
    assert len(set(cache.keys)) == len(cache.keys) == CLIPS
    return cache


@pytest.mark.long
def test_killed_at_ten_moments_it_ends_with_the_same_features(csv_file, whisper_folder, tmp_path):
    script = Path(__file__).with_name("killed_extraction.py")
    done = run_python(script, whisper_folder, csv_file, tmp_path, 10)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    whole, killed = only_cache(tmp_path / "whole"), only_cache(tmp_path / "killed")
    positions = {key: position for position, key in enumerate(killed.keys)}
    for position, key in enumerate(whole.keys):
        assert killed[positions[key]].tobytes() == whole[position].tobytes()


@pytest.mark.long
def test_two_processes_make_the_features_of_one(csv_file, whisper_folder, tmp_path):
    code = (
        "import sys; from whisper_at_hf.cli.extraction import run_extract; "
        "sys.exit(run_extract(sys.argv[1], sys.argv[2], sys.argv[3], 1.2, batch_size=3))"
    )
    script = tmp_path / "extract.py"
    script.write_text(code)
    # "--multi_gpu" is how accelerate starts several processes, GPU or not; "--cpu" starts one unless mpirun does.
    launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2, "--main_process_port", 0)
    done = run_python(*launch, script, csv_file, whisper_folder, tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"{CLIPS} clips in the cache") == 1
    two = only_cache(tmp_path / "two")
    assert len(list(two.folder.glob("*.bin"))) == 2
    dataset = load_data(csv_file)
    one = extract_features(dataset, str(whisper_folder), tmp_path / "one", 1.2, batch_size=3)
    np.testing.assert_allclose(two.batch(two.lookup(dataset)), one.batch(one.lookup(dataset)), rtol=2e-3, atol=2e-3)
    # What two processes began, one goes on with.
    assert len(extract_features(dataset, str(whisper_folder), tmp_path / "two", 1.2, batch_size=3)) == CLIPS
