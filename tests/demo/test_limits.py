"""Files beyond the limits cost no more than the limits, and are told so by name."""

import numpy as np
import pytest
import soundfile
from sounds import RATE, sine

from whisper_at_hf import InputError
from whisper_at_hf.demo import Limits, limits


@pytest.fixture
def three_seconds(tmp_path):
    path = tmp_path / "three.wav"
    soundfile.write(path, sine(3), RATE)
    return path


def test_a_file_within_the_limits_is_read_whole(three_seconds):
    audio = Limits(max_minutes=3 / 60).read(three_seconds, RATE)
    assert audio.dtype == np.float32
    np.testing.assert_allclose(audio, sine(3), atol=1e-4)


def test_a_large_file_is_not_even_opened(three_seconds, monkeypatch):
    monkeypatch.setattr(limits, "stream_audio", lambda *_: pytest.fail("decoded"))
    with pytest.raises(InputError, match=r"^'three.wav' is larger than 0.05 MB; send a smaller file"):
        Limits(max_mb=0.05).read(three_seconds, RATE)
    assert Limits(max_mb=0.5).max_bytes == 1 << 19


def test_a_long_file_is_not_decoded_beyond_the_limit(three_seconds, monkeypatch):
    decoded = []

    def blocks(*_):
        for _ in range(100):
            decoded.append(RATE)
            yield np.zeros(RATE, np.float32)

    monkeypatch.setattr(limits, "stream_audio", blocks)
    with pytest.raises(InputError, match=r"^'three.wav' is longer than 0.05 minutes; send a part of it.$"):
        Limits(max_minutes=0.05).read(three_seconds, RATE)
    assert len(decoded) == 4


def test_what_is_no_sound_is_named_without_its_folder(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no sound")
    with pytest.raises(InputError, match="No sound in 'notes.txt'") as caught:
        Limits().read(path, RATE)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_mb": "5"}, "max_mb is a str; use a number"),
        ({"max_minutes": None}, "max_minutes is a NoneType"),
        ({"max_mb": True}, "max_mb is a bool"),
        ({"max_mb": float("inf")}, "max_mb is no limit any more; use 1e"),
        ({"max_minutes": 10**400}, "max_minutes is no limit any more"),
    ],
)
def test_limits_that_are_none(values, message):
    with pytest.raises(InputError, match=message):
        Limits(**values)


def test_limits_of_numpy_are_written_as_numbers():
    assert repr(Limits(np.float32(5), np.int64(2))) == "Limits(max_mb=5.0, max_minutes=2.0)"


@pytest.mark.parametrize("values", [{"max_mb": 0}, {"max_minutes": -1}, {"max_mb": float("nan")}])
def test_limits_that_leave_no_room(values):
    with pytest.raises(InputError, match=f"{next(iter(values))}=.* leaves no room"):
        Limits(**values)
