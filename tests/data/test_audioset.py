import pytest

from whisper_at_hf.data import load_audioset, refuse_missing
from whisper_at_hf.errors import InputError

HEADER = (
    "# Segments csv created Sun Mar  5 10:54:31 2017\n# num_ytids=22160, num_segs=22160\n"
    "# YTID, start_seconds, end_seconds, positive_labels\n"
)
SPEECH_AND_MUSIC = '"/m/09x0r,/m/04rlf"'


@pytest.fixture
def segments(tmp_path):
    def write(*lines):
        path = tmp_path / "segments.csv"
        path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
        return path

    return write


@pytest.mark.parametrize(
    "name",
    [
        "--PJHxphWEs.wav",
        "Y--PJHxphWEs.flac",
        "--PJHxphWEs_30.mp3",
        "--PJHxphWEs_30.000.mp3",
        "--PJHxphWEs_30000_40000.wav",
        "Y--PJHxphWEs_30_40.wav",
        "deeper/--PJHxphWEs_30.000_40.000.m4a",
    ],
)
def test_names_of_clips(make_files, segments, name):
    folder = make_files(f"clips/{name}")
    dataset = load_audioset(segments(f"--PJHxphWEs, 30.000, 40.000, {SPEECH_AND_MUSIC}"), folder / "clips")
    assert dataset[:] == {"path": [str(folder / "clips" / name)], "labels": [["Speech", "Music"]]}


def test_segments_of_one_video(make_files, segments):
    folder = make_files("clips/abc_def_0.wav", "clips/abc_def_30.wav")
    path = segments('abc_def, 30.000, 40.000, "/m/09x0r"', 'abc_def, 0.000, 10.000, "/m/04rlf"')
    dataset = load_audioset(path, folder / "clips")
    assert [path[-14:] for path in dataset["path"]] == ["abc_def_30.wav", "/abc_def_0.wav"]


def test_missing_clips_are_counted_and_listed(make_files, segments):
    folder = make_files("clips/one.wav", "clips/four_20.wav", "clips/five.txt")
    lines = [f'{ytid}, 30.000, 40.000, "/m/09x0r"' for ytid in ("one", "two", "three", "four", "five")]
    expected = ["two_30.000_40.000", "three_30.000_40.000", "four_30.000_40.000", "five_30.000_40.000"]
    with pytest.warns(UserWarning, match="4 clips not found and left out: 'two_30.000_40.000'"):
        assert len(load_audioset(segments(*lines), folder / "clips")) == 1
    missing = []
    load_audioset(segments(*lines), folder / "clips", on_missing=missing.extend)
    assert missing == expected
    with pytest.raises(InputError, match="4 clips not found"):
        load_audioset(segments(*lines), folder / "clips", on_missing=refuse_missing)


@pytest.mark.parametrize(
    "line, message",
    [
        ('one, 0, 10, "/m/unknown"', "line 4: '/m/unknown' is no id"),
        ('one, 0, 10, ""', "line 4: '' is no id"),
        ("one, 0, 10, /m/09x0r,/m/04rlf", "line 4: 5 cells"),
        ('one, x, 10, "/m/09x0r"', "line 4: start and end are 'x' and '10'"),
        ('two, 0, 10, "/m/09x0r"', r"None of its 1 clip was found \('two_0_10'\)"),
    ],
)
def test_bad_lists(make_files, segments, line, message):
    folder = make_files("clips/one.wav")
    with pytest.raises(InputError, match=message):
        load_audioset(segments(line), folder / "clips")


def test_an_empty_list_and_no_folder(make_files, segments):
    folder = make_files("clips/one.wav")
    with pytest.raises(InputError, match="there are no clips"):
        load_audioset(segments(), folder / "clips")
    with pytest.raises(InputError, match="nowhere' cannot be read"):
        load_audioset(segments('one, 0, 10, "/m/09x0r"'), folder / "nowhere")
