"""What a file does to its decoder costs that file alone. Real processes, real signals."""

import os
import signal
import threading
import time

import numpy as np
import pytest
import soundfile
from archives import write_noises

from whisper_at_hf.archive import Item, list_items
from whisper_at_hf.archive import decoder as decoder_module
from whisper_at_hf.archive.decoder import MOST_DEATHS, Decoder
from whisper_at_hf.audio import load_audio

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def decoder():
    decoder = Decoder(16000, time_limit=60.0, max_seconds=0.85)
    yield decoder
    decoder.close()


@pytest.fixture
def impatient(decoder):
    """With a second for each file; it may take its time to begin."""
    decoder.time_limit = 1.0
    yield decoder
    decoder.time_limit = 60.0


def test_sounds_come_in_order_and_bad_files_say_why(decoder, tmp_path):
    write_noises(tmp_path, *"abcdefg")
    (tmp_path / "bad").write_bytes(b"no sound")
    soundfile.write(tmp_path / "cut", soundfile.read(tmp_path / "c")[0], 16000, format="FLAC")
    os.truncate(tmp_path / "cut", (tmp_path / "cut").stat().st_size * 3 // 4)
    items = [Item(name, str(tmp_path / name)) for name in ("c", "bad", "a", "gone", "g", "cut", "b")]
    found = dict(zip([item.id for item in items], decoder.decode(items), strict=True))
    assert [item.id for item, _ in found.values()] == list(found)
    for name in "abc":
        sound = found[name][1]
        np.testing.assert_array_equal(sound.samples, load_audio(tmp_path / name))
        assert sound.warning is None
    assert "bad' (not an audio or video file" in found["bad"][1] and "gone' does not exist" in found["gone"][1]
    assert found["g"][1] == "'g' is longer than 0.000236111 hours; cut it, or raise --max-hours."
    assert "cut" in found["cut"][1].warning and len(found["cut"][1].samples) < len(found["c"][1].samples)


def test_what_was_asked_ahead_is_nobody_elses(decoder, tmp_path):
    """A pass that is given up after one file leaves the answer of the next one in the pipe."""
    a, b, c = list_items(write_noises(tmp_path, "a.wav", "b.wav", "c.wav"))
    next(decoder.decode([a, b]))
    ((item, sound),) = decoder.decode([c])
    assert item is c
    np.testing.assert_array_equal(sound.samples, load_audio(c.path))


def test_a_file_that_never_ends(impatient, tmp_path):
    os.mkfifo(tmp_path / "b.wav")  # opening it waits for somebody to write
    a, b, c = list_items(write_noises(tmp_path, "a.wav", "c.wav"))
    assert not isinstance(dict(impatient.decode([a]))[a], str)  # it has begun
    started = time.monotonic()
    impatient.time_limit = 1.0
    found = dict(impatient.decode([b, a]))
    assert found[b] == "'b.wav' was not decoded within 1 s." and time.monotonic() - started > 1
    assert len(found[a].samples) and len(dict(impatient.decode([c]))[c].samples)


def test_a_decoder_that_is_killed_begins_anew(decoder, tmp_path):
    a, b = list_items(write_noises(tmp_path, "a.wav", "b.wav"))
    passing = decoder.decode([a, b, a])
    next(passing)
    os.kill(decoder._process.pid, signal.SIGKILL)
    decoder._process.join()
    while decoder._pipe.poll():  # also what it had sent is lost
        try:
            decoder._pipe.recv()
        except (EOFError, OSError):
            break
    assert [len(sound.samples) for _, sound in passing] == [6400, 4800]


def test_a_file_that_kills_it_is_given_up(decoder, tmp_path):
    os.mkfifo(tmp_path / "b.wav")
    a, b = list_items(write_noises(tmp_path, "a.wav"))

    def kill():
        """Whoever reads that file, each time."""
        for _ in range(MOST_DEATHS):
            with open(tmp_path / "b.wav", "wb"):  # waits until it is opened
                process = decoder._process
                os.kill(process.pid, signal.SIGKILL)
            while decoder._process is process:
                time.sleep(0.01)

    threading.Thread(target=kill, daemon=True).start()
    found = dict(decoder.decode([b, a]))
    assert found[b] == "'b.wav' ended the decoder 3 times." and len(found[a].samples) == 4800


def test_kills_before_it_begins_cost_nothing(decoder, tmp_path):
    """A process that is still starting has not read the file."""
    decoder.close()
    (a,) = list_items(write_noises(tmp_path, "a.wav"))

    def kill():
        killed = set()
        while len(killed) <= MOST_DEATHS:
            pid = getattr(decoder._process, "pid", None)
            if pid is not None and pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(0.001)

    threading.Thread(target=kill, daemon=True).start()
    ((_, sound),) = decoder.decode([a])
    assert len(sound.samples) == 4800


def test_a_decoder_that_never_begins(decoder, tmp_path, monkeypatch):
    monkeypatch.setattr(decoder_module, "MOST_FAILED_STARTS", 2)
    monkeypatch.setattr(decoder_module, "_serve", slice)  # takes three values, and does nothing
    decoder.close()
    ((_, said),) = decoder.decode(list_items(write_noises(tmp_path, "a.wav")))
    assert said == "'a.wav' was not decoded: the decoder ended 2 times before it began."
