import csv
import shutil

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.cli.extraction import run_extract


@pytest.fixture
def csv_file(five_clips, tmp_path):
    """A CSV of the five clips and a broken file."""
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    with (tmp_path / "data.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows([row["path"], "noise"] for row in five_clips)
        writer.writerow([tmp_path / "broken.wav", "noise"])
    return tmp_path / "data.csv"


def test_summary_names_what_could_not_be_read(csv_file, whisper_folder, tmp_path, capsys):
    options = {"whisper": str(whisper_folder), "cache": tmp_path / "cache", "window_length_s": 1.2}
    assert run_extract(csv_file, **options) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "6 clips, 6 to encode: 0.0 MB in " in shown.err
    assert "Encoded 5 clips in " in shown.err
    assert f"Not read: {tmp_path / 'broken.wav'}: No sound in" in shown.err
    assert shown.err.endswith("5 clips in the cache (0.0 MB), 1 could not be read.\n")


@pytest.mark.parametrize("device", ["nope", "hpu", "meta"])
def test_a_device_that_is_not_there_is_refused_before_any_work(csv_file, device):
    with pytest.raises(InputError, match=f"--device '{device}'"):
        run_extract(csv_file, device=device)


def test_quiet_shows_failures_alone(csv_file, whisper_folder, tmp_path, capsys):
    options = {"cache": tmp_path / "cache", "window_length_s": 1.2, "quiet": True}
    assert run_extract(csv_file, str(whisper_folder), **options) == 2
    shown = capsys.readouterr().err
    assert f"Not read: {tmp_path / 'broken.wav'}" in shown and "clip" not in shown.replace(str(tmp_path), "")
    shutil.copy(tmp_path / "clip-0-0.wav", tmp_path / "broken.wav")
    assert run_extract(csv_file, str(whisper_folder), **options) == 0
