"""load_audio and describe_source: what is refused and why, bytes, URLs, arrays, dicts and decoders."""

import builtins
import http.server
import io
import os
import struct
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from sounds import RATE, assert_is_sine, encode, encode_video, sine

from whisper_at_hf.audio import load_audio, stream_audio
from whisper_at_hf.audio.load import describe_source
from whisper_at_hf.errors import InputError

# --- files that are refused ---


def make_bad_file(path, kind):
    if kind == "directory":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("This is no sound.\n" * 100)
    elif kind == "subtitles":
        path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    elif kind == "header only":
        soundfile.write(path, np.empty(0), RATE, format="WAV")
    elif kind == "NaN":
        soundfile.write(path, np.array([0.0, np.nan, 0.0, 0.0] * 100), 44_100, format="WAV", subtype="FLOAT")
    elif kind == "infinite":
        soundfile.write(path, np.array([0.0, np.inf]), RATE, format="WAV", subtype="FLOAT")
    elif kind == "beyond full scale":
        soundfile.write(path, np.array([0.0, 1e18]), RATE, format="WAV", subtype="FLOAT")
    elif kind == "silent video":
        encode_video(path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind in ("rate 0", "rate 1", "unknown codec"):
        soundfile.write(path, np.zeros(800), RATE, format="WAV", subtype="PCM_16")
        content = bytearray(path.read_bytes())
        if kind == "unknown codec":
            content[20:22] = b"\x34\x12"
        else:
            content[24:28] = struct.pack("<I", int(kind[-1]))
        path.write_bytes(content)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "does not exist"),
        ("directory", "is a directory"),
        ("empty", "0 bytes"),
        ("text", "not an audio or video file"),
        ("subtitles", "no audio stream"),
        ("header only", "0 samples"),
        ("NaN", "NaN or infinite"),
        ("infinite", "NaN or infinite"),
        ("beyond full scale", "Samples beyond"),
        ("silent video", "no audio stream"),
        ("fifo", "not a regular file"),
        ("rate 0", "not an audio or video file"),
        ("rate 1", "Wrong sampling rate 1 "),
        ("unknown codec", "nothing of it could be decoded: unknown codec"),
    ],
)
def test_bad_file_is_named_in_one_sentence(tmp_path, kind, reason):
    path = tmp_path / ("bad.mp4" if kind == "silent video" else "bad.wav")
    make_bad_file(path, kind)
    for source in (str(path), path, {"path": str(path), "bytes": None}):
        with pytest.raises(InputError) as error:
            load_audio(source)
        message = str(error.value)
        assert reason in message and repr(str(path)) in message
        assert "\n" not in message and ": " in message and message.endswith((".", ")."))


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs /dev/null")
def test_device_is_refused():
    with pytest.raises(InputError, match="'/dev/null' is not a regular file"):
        load_audio("/dev/null")


@pytest.mark.parametrize(
    ("error", "reason"), [(PermissionError(13, "Permission denied"), "permission"), (OSError(5, "I/O error"), "I/O")]
)
def test_unreadable_file(tmp_path, monkeypatch, error, reason):
    path = tmp_path / "secret.wav"
    soundfile.write(path, sine(0.1), RATE)
    real_open = builtins.open

    def refuse(file, *args, **kwargs):
        if str(file) == str(path):
            raise error
        return real_open(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", refuse)  # chmod does not stop the superuser, who runs many a CI
    with pytest.raises(InputError, match=rf"secret\.wav'.*{reason}"):
        load_audio(path)


@pytest.mark.parametrize("text", ["", "UklGRiQAAABXQVZF" * 1000, "nul\0byte.wav", "s3://bucket/x.wav", "line\nbreak"])
def test_any_other_text_is_a_missing_file(text):
    with pytest.raises(InputError, match="does not exist") as error:
        load_audio(text)
    assert len(str(error.value)) < 400 and "\n" not in str(error.value)


@pytest.mark.parametrize("playlist", ["#EXTM3U\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"])
@pytest.mark.parametrize("name", ["list.m3u8", "list.wav"])
def test_playlists_open_no_other_file(tmp_path, monkeypatch, playlist, name):
    monkeypatch.chdir(tmp_path)
    encode("private.ts", "aac", sine(1.0)[None], RATE)
    Path(name).write_text(playlist.format("private.ts"))
    with pytest.raises(InputError, match=name):
        load_audio(name)


# --- bytes, URLs ---


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(tmp_path, kind):
    soundfile.write(tmp_path / "x.flac", sine(1.0), RATE)
    content = (tmp_path / "x.flac").read_bytes()
    np.testing.assert_array_equal(load_audio(kind(content)), load_audio(tmp_path / "x.flac"))


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\0" * 1000])
def test_bytes_without_sound(content):
    with pytest.raises(InputError, match="audio bytes"):
        load_audio(content)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves tmp_path on this machine; yields the URL."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(tmp_path), **kwargs)

        def log_message(self, *args):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.mark.parametrize("name", ["x.wav", "größe 1.wav"])
def test_url(tmp_path, server, name):
    soundfile.write(tmp_path / name, sine(1.0), RATE)
    np.testing.assert_array_equal(load_audio(f"{server}/{name}"), load_audio(tmp_path / name))


def test_url_errors_name_the_url(tmp_path, server):
    (tmp_path / "page.wav").write_text("<html></html>")
    with pytest.raises(InputError, match=rf"{server}/missing.wav' could not be downloaded .*404"):
        load_audio(f"{server}/missing.wav")
    with pytest.raises(InputError, match=rf"No sound in '{server}/page.wav'"):
        load_audio(f"{server}/page.wav")
    for url in ("http://127.0.0.1:1/x.wav", "http://", "https://[bad/x.wav", "http://127.0.0.1:port/x.wav"):
        with pytest.raises(InputError, match="could not be downloaded"):
            load_audio(url)


# --- arrays ---


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0.25, -0.5], np.float64), [0.25, -0.5]),
        (np.array([0.25, -0.5], np.float16), [0.25, -0.5]),
        (np.array([-32768, 0, 32767], np.int16), [-1, 0, 32767 / 32768]),
        (np.array([-(2**31), 2**30], np.int32), [-1, 0.5]),
        (np.array([-128, 64], np.int8), [-1, 0.5]),
        (np.array([0, 128, 192], np.uint8), [-1, 0, 0.5]),
        (np.array([0, 2**15], np.uint16), [-1, 0]),
        (np.array([16384, -16384], ">i2"), [0.5, -0.5]),
        ([0.25, -0.5, 0], [0.25, -0.5, 0]),
        ((0.25, -0.5), [0.25, -0.5]),
        (torch.tensor([0.25, -0.5]), [0.25, -0.5]),
        (torch.tensor([0.25, -0.5], requires_grad=True), [0.25, -0.5]),
        (torch.tensor([0.25, -0.5], dtype=torch.bfloat16), [0.25, -0.5]),
        (torch.tensor([16384, -16384], dtype=torch.int16), [0.5, -0.5]),
        (np.array([[0.5] * 4, [0.0] * 4]), [0.25] * 4),
        (np.array([[0.5] * 4, [0.0] * 4]).T, [0.25] * 4),
        (torch.tensor([[0.5] * 4, [0.0] * 4]), [0.25] * 4),
        ([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]], [0.25] * 3),
        (np.array([[32767] * 3, [32767] * 3], np.int16), [32767 / 32768] * 3),
        (np.array([0.5]), [0.5]),
        (np.array([[0.5]]), [0.5]),
        (np.linspace(0, 1, 9)[::-2], [1, 0.75, 0.5, 0.25, 0]),
    ],
)
def test_arrays(samples, expected):
    for source in (samples, {"raw": samples, "sampling_rate": RATE}, {"array": samples, "sampling_rate": RATE}):
        audio = load_audio(source)
        assert audio.dtype == np.float32
        np.testing.assert_allclose(audio, expected, rtol=0, atol=1e-7)


def test_result_shares_no_memory_with_the_source():
    samples = sine(0.1)
    samples.flags.writeable = False
    audio = load_audio(samples)
    audio[:] = 0
    assert samples.any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.empty(0), "0 samples"),
        ([], "0 samples"),
        (np.empty((0, 100)), "0 samples"),
        (np.empty((2, 0)), "0 samples"),
        (np.array([0.0, np.nan]), "NaN or infinite"),
        (np.array([0.0, -np.inf]), "NaN or infinite"),
        (np.array([1e300, 0.0]), "NaN or infinite"),
        (np.zeros((2, 2, 100)), "shape"),
        (np.float32(0.5), "shape"),
        (np.array([1j]), "complex128"),
        (torch.tensor([1j]), "complex64"),
        (np.array(["a"]), "dtype <U1"),
        (["a.wav", "b.wav"], "dtype <U5"),
        ([None, 0.5], "object"),
        (np.array([0.5, None]), "object"),
        (np.array([True, False]), "bool"),
        (np.array([1, 2], np.int64), "int64"),
        ([[0.1, 0.2], [0.3]], "unequal"),
        (None, "NoneType"),
        (3, "type int"),
        (object(), "type object"),
        (io.BytesIO(b"x"), "type BytesIO"),
    ],
)
def test_bad_arrays(samples, reason):
    with pytest.raises(InputError) as error:
        load_audio(samples)
    assert reason in str(error.value) and describe_source(samples) in str(error.value)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
@pytest.mark.parametrize("position", [0, 17, 2_000, 3_999])
def test_nan_is_found_where_resampling_would_smear_it(rate, position):
    samples = np.zeros(4_000, np.float32)
    samples[position] = np.nan
    with pytest.raises(InputError, match="NaN"):
        load_audio({"array": samples, "sampling_rate": rate})


# --- dicts and decoders ---


@pytest.mark.parametrize("rate", [48_000, 48_000.0, np.int64(48_000), np.float32(48_000), torch.tensor(48_000)])
def test_dict_is_resampled_and_left_alone(rate):
    source = {"raw": sine(1.0, 48_000), "sampling_rate": rate, "path": "x.wav"}
    before = dict(source)
    assert_is_sine(load_audio(source), seconds=1.0, slack=1e-4)
    assert source.keys() == before.keys() and all(source[key] is before[key] for key in before)


@pytest.mark.parametrize("rate", [0, -16_000, "16000", True, float("nan"), float("inf"), 1e308, 16, [16_000]])
def test_bad_sampling_rate(rate):
    with pytest.raises(InputError, match="sampling rate .* for the array"):
        load_audio({"raw": np.zeros(10), "sampling_rate": rate})
    with pytest.raises(InputError, match="sampling rate .* for the array"):
        load_audio(np.zeros(10), sampling_rate=rate)


@pytest.mark.parametrize("source", [{"raw": np.zeros(10)}, {"array": np.zeros(10), "sampling_rate": None}])
def test_missing_sampling_rate(source):
    with pytest.raises(InputError, match='"sampling_rate"'):
        load_audio(source)


def test_dict_of_undecoded_data_set_row(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(1.0), RATE)
    soundfile.write(tmp_path / "b.wav", sine(2.0), RATE)
    a, b = str(tmp_path / "a.wav"), (tmp_path / "b.wav").read_bytes()
    assert len(load_audio({"path": a, "bytes": None})) == RATE
    assert len(load_audio({"path": a, "bytes": b})) == 2 * RATE
    assert len(load_audio({"path": None, "bytes": b})) == 2 * RATE
    with pytest.raises(InputError, match="No sound in 'gone.wav'"):
        load_audio({"path": "gone.wav", "bytes": b"text"})


@pytest.mark.parametrize("source", [{}, {"path": None, "bytes": None}, {"sampling_rate": RATE}, {"text": "hello"}])
def test_dict_without_sound(source):
    with pytest.raises(InputError, match="No sound in the dict"):
        load_audio(source)


def test_decoder_object():
    class AudioDecoder:
        def get_all_samples(self):
            # Three channels, two samples: torchcodec's layout is known, so the shorter axis is not what counts.
            return SimpleNamespace(data=torch.tensor([[0.3, 0.6], [0.0, 0.0], [0.0, 0.0]]), sample_rate=RATE)

    np.testing.assert_allclose(load_audio(AudioDecoder()), [0.1, 0.2], atol=1e-7)
    assert describe_source(AudioDecoder()) == "the audio decoder"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x.wav", "'x.wav'"),
        (Path("x.wav"), "'x.wav'"),
        (b"x", "audio bytes"),
        (np.zeros(1), "the array"),
        (torch.zeros(1), "the tensor"),
        ([0.0], "the list"),
        ({"raw": np.zeros(1)}, "the array"),
        ({"array": np.zeros(1), "path": "x.wav"}, "'x.wav'"),
        ({"bytes": b"x", "path": None}, "audio bytes"),
        ({}, "the dict"),
    ],
)
def test_describe_source(source, text):
    assert describe_source(source) == text


def test_a_small_file_cannot_fill_the_memory(tmp_path, monkeypatch):
    """Packed silence: some kilobytes that last a minute stand for some megabytes that last days."""
    soundfile.write(tmp_path / "x.flac", np.zeros(60 * RATE, np.int16), RATE)
    assert (tmp_path / "x.flac").stat().st_size < 15_000
    monkeypatch.setattr("whisper_at_hf.audio.load.LONGEST_SECONDS", 59)
    with pytest.raises(InputError, match="x.flac' lasts longer than .* hours: cut it, or stream it"):
        load_audio(tmp_path / "x.flac")
    assert sum(map(len, stream_audio(tmp_path / "x.flac"))) == 60 * RATE
