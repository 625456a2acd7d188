"""stream_audio: the samples of load_audio, from sources that cannot seek or never end, piece by piece."""

import contextlib
import http.server
import io
import itertools
import os
import subprocess
import sys
import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from memory import peak_bytes
from sounds import RATE, assert_is_sine, encode, sine

from whisper_at_hf.audio import load_audio, stream_audio
from whisper_at_hf.errors import InputError


def joined(source, **options):
    pieces = list(stream_audio(source, **options))
    assert all(piece.dtype == np.float32 and piece.ndim == 1 and piece.size for piece in pieces)
    return np.concatenate(pieces)


@contextlib.contextmanager
def pipe_of(content):
    """The reading end of a pipe, as `sys.stdin.buffer` is one, that `content` is written to."""
    reading, writing = os.pipe()

    def write():
        with contextlib.suppress(BrokenPipeError), open(writing, "wb") as file:
            file.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    with open(reading, "rb") as file:
        yield file
    writer.join()


def make_file(path, codec=None, seconds=5.0, **options):
    if codec is None:
        soundfile.write(path, sine(seconds), RATE)
    else:
        format = "adts" if path.suffix == ".aac" else None
        encode(str(path), codec, np.tile(sine(seconds, 48_000), (2, 1)), 48_000, format=format, **options)
    return path


# --- what load_audio takes too ---


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "source",
    [
        sine(1.0),
        sine(1.0).tolist(),
        torch.from_numpy(sine(1.0)),
        (np.stack([sine(1.0), sine(1.0)]) * 32767).astype(np.int16),
        {"raw": sine(1.0, 44_100), "sampling_rate": 44_100},
        SimpleNamespace(get_all_samples=lambda: SimpleNamespace(data=torch.ones(2, 50), sample_rate=RATE)),
    ],
    ids=["array", "list", "tensor", "stereo int16", "dict", "decoder"],
)
def test_samples(source):
    np.testing.assert_array_equal(joined(source), load_audio(source))


@pytest.mark.filterwarnings("error")
def test_files(tmp_path):
    path = make_file(tmp_path / "x.m4a", "aac")
    expected = load_audio(path)
    for source in (path, str(path), path.read_bytes(), {"path": str(path), "bytes": None}):
        np.testing.assert_array_equal(joined(source), expected)


def test_long_arrays_come_in_pieces():
    samples = np.resize(sine(1.0, 44_100), 3_000_000)
    source = {"raw": samples, "sampling_rate": 44_100}
    assert max(len(piece) for piece in stream_audio(source)) < 500_000
    np.testing.assert_array_equal(joined(source), load_audio(source))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("missing.wav", "'missing.wav' does not exist"),
        (b"text" * 100, "No sound in audio bytes"),
        (np.empty(0), "No sound in the array"),
        (None, "the NoneType is no sound"),
        ({}, "No sound in the dict"),
    ],
)
def test_errors_of_load_audio(source, reason):
    with pytest.raises(InputError, match=reason):
        joined(source)


def test_wrong_rate_is_refused_at_once():
    with pytest.raises(InputError, match="sampling rate 0 for the array"):
        stream_audio(np.zeros(10), sampling_rate=0)


# --- files that cannot seek ---


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("x.wav", None, {}),
        ("x.flac", None, {}),
        ("x.ogg", None, {}),
        ("x.mp3", "libmp3lame", {}),
        ("x.aac", "aac", {}),
        ("x.opus", "libopus", {}),
        ("x.mka", "libopus", {}),
        ("x.ts", "aac", {}),
        ("x.m4a", "aac", {"movflags": "faststart"}),
    ],
)
def test_pipe_gives_what_the_file_gives(tmp_path, name, codec, options):
    path = make_file(tmp_path / name, codec, **options)
    with pipe_of(path.read_bytes()) as file:
        audio = joined(file)
        assert not file.closed
    assert_is_sine(audio, seconds=5.0)
    # Seeking to the end would tell FFmpeg how much of an mp3's or Opus's last frame is padding.
    expected = load_audio(path)
    assert abs(len(audio) - len(expected)) < 0.06 * RATE
    common = min(len(audio), len(expected))
    np.testing.assert_allclose(audio[: common - 50], expected[: common - 50], atol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0"], ids=["ffmpeg", "sox", "0"])
def test_wav_written_to_a_pipe_has_no_length(tmp_path, length):
    content = make_file(tmp_path / "x.wav").read_bytes()
    place = content.index(b"data") + 4
    with pipe_of(content[:4] + length + content[8:place] + length + content[place + 4 :]) as file:
        np.testing.assert_array_equal(joined(file), load_audio(tmp_path / "x.wav"))


def test_mp4_with_its_index_at_the_end(tmp_path):
    path = make_file(tmp_path / "x.m4a", "aac")
    with pipe_of(path.read_bytes()) as file, pytest.raises(InputError, match="saved first if it is an mp4"):
        joined(file)
    with path.open("rb") as file:
        np.testing.assert_array_equal(joined(file), load_audio(path))
        assert not file.closed


def test_object_that_can_only_read(tmp_path):
    content = io.BytesIO(make_file(tmp_path / "x.flac").read_bytes())
    assert len(joined(SimpleNamespace(read=content.read))) == 5 * RATE


@pytest.mark.parametrize(("content", "reason"), [(b"", "0 bytes"), (b"This is no sound.\n" * 9999, "not an audio")])
def test_pipe_without_sound(content, reason):
    with pipe_of(content) as file, pytest.raises(InputError, match=rf"No sound in the BufferedReader \({reason}"):
        joined(file)


def test_text_files_are_refused(tmp_path):
    with (tmp_path / "x.wav").open("w+") as file, pytest.raises(InputError, match=r"x\.wav' does not give bytes"):
        joined(file)


@pytest.mark.long
def test_standard_input(tmp_path):
    path = make_file(tmp_path / "x.mp3", "libmp3lame")
    program = (
        "import sys; from whisper_at_hf.audio import stream_audio;print(sum(map(len, stream_audio(sys.stdin.buffer))))"
    )
    content = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    assert int(done.stdout) / RATE == pytest.approx(5.0, abs=0.1)
    done = subprocess.run([sys.executable, "-c", program], input=b"", capture_output=True)
    assert b"No sound in standard input (0 bytes)" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe(tmp_path):
    path = make_file(tmp_path / "x.flac")
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(path.read_bytes()))
    writer.start()
    np.testing.assert_array_equal(joined(tmp_path / "pipe"), load_audio(path))
    writer.join()


def test_sound_comes_before_the_pipe_ends(tmp_path):
    content = make_file(tmp_path / "x.wav", seconds=20.0).read_bytes()
    reading, writing = os.pipe()
    heard = threading.Event()
    in_time = []

    def write():
        with open(writing, "wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            in_time.append(heard.wait(timeout=30))
            file.write(content[len(content) // 2 :])

    writer = threading.Thread(target=write)
    writer.start()
    count = 0
    with open(reading, "rb") as file:
        for piece in stream_audio(file):
            count += len(piece)
            if count > 9.5 * RATE:
                heard.set()
    writer.join()
    assert in_time == [True] and count == 20 * RATE


def test_memory_does_not_grow_with_length(tmp_path):
    def peak(seconds):
        path = make_file(tmp_path / f"{seconds}.wav", seconds=seconds)
        with path.open("rb") as file:
            return peak_bytes(stream_audio(SimpleNamespace(read=file.read)))

    peak(10.0)  # imports
    assert peak(200.0) < 1.1 * peak(20.0)


@pytest.mark.parametrize(("name", "codec"), [("cut.mp3", "libmp3lame"), ("cut.flac", None), ("cut.ts", "aac")])
def test_cut_short_in_the_pipe(tmp_path, name, codec):
    content = make_file(tmp_path / name, codec, seconds=10.0).read_bytes()
    damaged = bytearray(content[: len(content) * 6 // 10])
    damaged[-3000:-2000] = bytes(1000)
    heard = 0
    with pipe_of(damaged) as file, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for piece in stream_audio(file):
            heard += len(piece)
            assert not caught or heard > 5 * RATE  # the warning comes last
    assert 5 * RATE < heard < 6.5 * RATE
    assert ["cut short or damaged" in str(warning.message) for warning in caught] == [True]


# --- URLs ---


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves tmp_path: of `*-broken.*`, 60 % before it hangs up; the rest of `*-slow.*` only once `gate` is set."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path[1:]
            path = tmp_path / name.replace("-broken", "").replace("-slow", "")
            if not path.exists():
                return self.send_error(404)
            content = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) * 6 // 10])
            if "-slow" in name:
                gate_was_set.append(gate.wait(timeout=30))
            if "-broken" not in name:
                self.wfile.write(content[len(content) * 6 // 10 :])

        def log_message(self, *args):
            pass

    gate, gate_was_set = threading.Event(), []
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{httpd.server_port}", gate=gate, gate_was_set=gate_was_set)
        httpd.shutdown()


@pytest.mark.filterwarnings("error")
def test_url_is_decoded_while_it_is_downloaded(tmp_path, server):
    make_file(tmp_path / "x.wav", seconds=20.0)
    count = 0
    for piece in stream_audio(f"{server.url}/x-slow.wav"):
        count += len(piece)
        if count > 9 * RATE:
            server.gate.set()
    assert server.gate_was_set == [True] and count == 20 * RATE


def test_connection_that_breaks(tmp_path, server):
    make_file(tmp_path / "x.mp3", "libmp3lame", seconds=20.0)
    with pytest.warns(UserWarning, match=r"x-broken\.mp3' is cut short or damaged"):
        assert len(joined(f"{server.url}/x-broken.mp3")) / RATE == pytest.approx(12.0, abs=1.0)
    with pytest.raises(InputError, match="could not be downloaded"):
        load_audio(f"{server.url}/x-broken.mp3")


def test_url_errors(tmp_path, server):
    make_file(tmp_path / "x.m4a", "aac")
    with pytest.raises(InputError, match=r"missing.wav' could not be downloaded .*404"):
        joined(f"{server.url}/missing.wav")
    with pytest.raises(InputError, match=r"x\.m4a' .*saved first if it is an mp4"):
        joined(f"{server.url}/x.m4a")
    assert_is_sine(load_audio(f"{server.url}/x.m4a"), seconds=5.0)


# --- iterables of samples ---


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (1, -1)])
def test_generator_of_arrays(shape):
    samples = sine(1.0)
    blocks = (block.reshape(shape) for block in np.split(samples, [0, 100, 100, 5_000]))
    np.testing.assert_array_equal(joined(blocks), samples)


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_of_arrays_is_blocks_that_follow_each_other(kind):
    """Not the channels of one short sound: that would lose nearly all of it without a word."""
    samples = sine(1.0)
    assert np.array_equal(np.concatenate(list(stream_audio(kind(np.array_split(samples, 10))))), samples)
    as_numbers = stream_audio([samples[:100].tolist(), samples[:100].tolist()])
    assert np.allclose(np.concatenate(list(as_numbers)), samples[:100])


def test_a_source_that_gives_more_than_was_asked_for_is_refused():
    """FFmpeg's buffer has no room for it."""

    class Generous:
        def read(self, size):
            return b"RIFF" * max(size, 1) if size else b""

    with pytest.raises(InputError, match="not an audio or video file"):
        list(stream_audio(Generous()))


def test_a_closed_file_is_refused(tmp_path):
    with (tmp_path / "x.wav").open("w+b") as file:
        pass
    with pytest.raises(InputError, match="does not give bytes: open it to read"):
        list(stream_audio(file))


def test_generator_of_integers():
    assert_is_sine(joined((sine(0.1) * 32767).astype(np.int16) for _ in range(10)), seconds=1.0)


@pytest.mark.parametrize("key", ["raw", "array"])
def test_generator_of_dicts_is_resampled_without_seams(key):
    samples = sine(2.0, 44_100)
    blocks = ({key: block, "sampling_rate": 44_100} for block in np.array_split(samples, 37))
    np.testing.assert_allclose(
        joined(blocks), load_audio({"raw": samples, "sampling_rate": 44_100}), rtol=0, atol=1e-6
    )


def test_endless_generator():
    def microphone():
        while True:
            yield sine(0.1)

    pieces = itertools.islice(stream_audio(microphone()), 20)
    assert sum(map(len, pieces)) == 2 * RATE


@pytest.mark.parametrize("blocks", [[], [np.empty(0)] * 3])
def test_generator_without_samples(blocks):
    with pytest.raises(InputError, match=r"No sound in the generator \(0 samples\)"):
        joined(block for block in blocks)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.array([0.0, np.nan]), "NaN or infinite samples in the generator"),
        ("x.wav", "block 2 of the generator is no sound .type str"),
        (0.5, "block 2 of the generator is no sound .type float"),
        (np.zeros((2, 2, 2)), r"block 2 of the generator has shape \(2, 2, 2\)"),
        ({"raw": np.zeros(5)}, "No sampling rate for block 2 of the generator"),
    ],
)
def test_what_came_before_a_bad_block_is_kept(bad, reason):
    stream = stream_audio(block for block in (sine(0.1), sine(0.1), bad))
    assert len(next(stream)) == len(next(stream)) == RATE // 10
    with pytest.raises(InputError, match=reason):
        next(stream)


def test_pieces_share_no_memory_with_the_source():
    samples = sine(0.1)
    next(stream_audio(iter([samples])))[:] = 0
    assert samples.any()
