"""load_audio and describe_source: every kind of source, against samples known in advance or read by libsndfile."""

import builtins
import http.server
import io
import os
import struct
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import soundfile
import torch

from whisper_at_hf.audio import describe_source, load_audio
from whisper_at_hf.errors import InputError

RATE = 16_000


def sine(seconds, rate=RATE, frequency=440.0, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def encode(target, codec, samples, rate, format=None, **container_options):
    """Writes samples (channels, samples) with PyAV."""
    layout = {1: "mono", 2: "stereo"}[len(samples)]
    with av.open(target, "w", format=format, container_options=container_options) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for item in (frame, None):
            for packet in stream.encode(item):
                container.mux(packet)
    return target


def encode_video(path, audio=None, **container_options):
    """Writes one second of grey video, with the mono samples `audio` at 16 kHz if given."""
    with av.open(str(path), "w", container_options=container_options) as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=RATE, layout="mono") if audio is not None else None
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), format="rgb24")
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(audio[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def assert_is_sine(audio, seconds, frequency=440.0, amplitude=0.5, slack=0.1):
    """The right length, pitch and loudness, and nothing else but that tone in the middle."""
    assert audio.dtype == np.float32 and audio.ndim == 1
    assert abs(len(audio) / RATE - seconds) < slack
    middle = audio[len(audio) // 4 : -len(audio) // 4].astype(np.float64)
    phase = 2 * np.pi * frequency * np.arange(len(middle)) / RATE
    basis = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    weights, *_ = np.linalg.lstsq(basis, middle, rcond=None)
    assert np.hypot(*weights) == pytest.approx(amplitude, rel=0.08)  # LAME turns the volume down by 5 %
    assert np.std(middle - basis @ weights) < 0.03 * amplitude


@pytest.fixture
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# --- files that work ---


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_wav_at_16_khz_is_what_libsndfile_reads(tmp_path, no_warnings, subtype):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 5000), RATE, subtype=subtype)
    expected = soundfile.read(path, dtype="float32")[0]
    np.testing.assert_array_equal(load_audio(path), expected)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_channels_are_averaged(tmp_path, no_warnings, subtype):
    path = tmp_path / "x.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, (5000, 2)), RATE, subtype=subtype)
    expected = soundfile.read(path, dtype="float64")[0].mean(axis=1)
    np.testing.assert_allclose(load_audio(path), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "codec", "rate", "channels"),
    [
        ("x.mp3", "libmp3lame", 44_100, 2),
        ("x.mp3", "libmp3lame", 22_050, 1),
        ("x.m4a", "aac", 48_000, 2),
        ("x.mp4", "aac", 44_100, 1),
        ("x.aac", "aac", 44_100, 2),
        ("x.opus", "libopus", 48_000, 2),
        ("x.webm", "libopus", 48_000, 1),
        ("x.mkv", "flac", 44_100, 2),
        ("x.mka", "ac3", 48_000, 2),
        ("x.ts", "aac", 48_000, 2),
    ],
)
def test_any_container(tmp_path, no_warnings, name, codec, rate, channels):
    samples = np.tile(sine(2.0, rate), (channels, 1))
    encode(str(tmp_path / name), codec, samples, rate, format="adts" if name == "x.aac" else None)
    assert_is_sine(load_audio(tmp_path / name), seconds=2.0)


def test_vorbis(tmp_path, no_warnings):
    soundfile.write(tmp_path / "x.ogg", sine(2.0, 44_100), 44_100)
    assert_is_sine(load_audio(tmp_path / "x.ogg"), seconds=2.0, slack=0.01)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_resampling_keeps_length_pitch_and_place(tmp_path, no_warnings, rate):
    path = tmp_path / "x.wav"
    soundfile.write(path, sine(1.5, rate), rate, subtype="FLOAT")
    audio = load_audio(path)
    assert_is_sine(audio, seconds=1.5, slack=1.5 / RATE)
    # Equal to the tone sampled at 16 kHz in the first place: no delay. The tone's abrupt ends ring.
    np.testing.assert_allclose(audio[1000:23_000], sine(1.5)[1000:23_000], atol=1e-3)


def test_resampling_removes_what_16_khz_cannot_hold():
    audio = load_audio({"array": sine(1.0, 48_000, frequency=12_000), "sampling_rate": 48_000})
    assert np.abs(audio[1000:-1000]).max() < 1e-3


def test_file_and_array_are_resampled_alike(tmp_path):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 100_000).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", samples, 44_100, subtype="FLOAT")
    from_array = load_audio({"array": samples, "sampling_rate": 44_100})
    np.testing.assert_allclose(load_audio(tmp_path / "x.wav"), from_array, atol=1e-6)


def test_another_target_rate(tmp_path):
    soundfile.write(tmp_path / "x.wav", sine(1.0, 48_000), 48_000)
    assert len(load_audio(tmp_path / "x.wav", sampling_rate=8_000)) == 8_000


@pytest.mark.parametrize("channels", [3, 6, 7, 8, 9, 16])
def test_many_channels_are_averaged_evenly(tmp_path, no_warnings, channels):
    samples = np.zeros((RATE, channels), np.float32)
    samples[:, -1] = sine(1.0, amplitude=0.8)
    for name in ("x.wav", "x.ogg"):  # interleaved and planar
        soundfile.write(tmp_path / name, samples, RATE)
        assert_is_sine(load_audio(tmp_path / name), seconds=1.0, amplitude=0.8 / channels)


def test_wav_of_64_bit_integers(tmp_path, no_warnings):
    samples = np.array([0.0, 0.5, -0.25, 0.0], np.float64)
    soundfile.write(tmp_path / "x.wav", samples, RATE, subtype="DOUBLE")
    content = bytearray((tmp_path / "x.wav").read_bytes())
    content[20:22] = struct.pack("<H", 1)  # the format tag for integers
    content[-32:] = (samples * 2**63).astype("<i8").tobytes()
    np.testing.assert_array_equal(load_audio(bytes(content)), samples)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 192_000])
@pytest.mark.parametrize("count", [1, 2, 5, 13])
def test_a_few_samples_never_vanish(tmp_path, no_warnings, rate, count):
    soundfile.write(tmp_path / "x.wav", np.full(count, 0.5), rate, subtype="FLOAT")
    audio = load_audio(tmp_path / "x.wav")
    assert abs(len(audio) - max(1, count * RATE / rate)) <= 1 and audio.all()


def test_ten_milliseconds_and_silence(tmp_path, no_warnings):
    soundfile.write(tmp_path / "short.wav", sine(0.01, 48_000), 48_000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    assert len(load_audio(tmp_path / "short.wav")) == 160
    silence = load_audio(tmp_path / "silent.wav")
    assert len(silence) == RATE and not silence.any()


def test_rate_and_channels_that_change_midway(no_warnings):
    joined = io.BytesIO()
    for rate, channels, frequency in ((44_100, 2, 440.0), (22_050, 1, 880.0)):
        part = encode(
            io.BytesIO(), "libmp3lame", np.tile(sine(2.0, rate, frequency), (channels, 1)), rate, format="mp3"
        )
        joined.write(part.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the second part's header is no sound
        audio = load_audio(joined.getvalue())
    assert_is_sine(audio[: 2 * RATE], seconds=2.0)
    assert_is_sine(audio[-2 * RATE :], seconds=2.0, frequency=880.0)
    assert len(audio) / RATE == pytest.approx(4.0, abs=0.15)


def test_sound_of_a_video(tmp_path, no_warnings):
    path = encode_video(tmp_path / "x.mp4", sine(2.0))
    assert_is_sine(load_audio(path), seconds=2.0)


def test_sound_shorter_than_its_video_is_not_called_truncated(tmp_path, no_warnings):
    assert_is_sine(load_audio(encode_video(tmp_path / "x.mkv", sine(0.3))), seconds=0.3)


@pytest.mark.parametrize("name", ["größe 音.wav", "100%d.wav", "a:b.wav", "-", "http.wav", "it's [1]*?.wav", "noext"])
def test_odd_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    soundfile.write(tmp_path / name, sine(0.5), RATE, format="WAV")
    expected = load_audio(name)
    assert len(expected) == RATE // 2
    for source in (Path(name), str(tmp_path / name), {"path": name, "bytes": None}):
        np.testing.assert_array_equal(load_audio(source), expected)


def test_tags_in_a_foreign_encoding_do_not_matter(tmp_path):
    soundfile.write(tmp_path / "x.wav", sine(0.5), RATE)
    title = b"LIST" + struct.pack("<I", 16) + b"INFOINAM" + struct.pack("<I", 4) + b"\xe9\xe8\xff\0"
    content = (tmp_path / "x.wav").read_bytes() + title
    assert len(load_audio(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])) == RATE // 2


# --- files that are damaged ---


def cut_file(tmp_path, name, codec, keep=0.6, **options):
    path = tmp_path / name
    if codec is None:
        soundfile.write(path, sine(5.0), RATE)
    else:
        encode(str(path), codec, np.tile(sine(5.0, 48_000), (2, 1)), 48_000, **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("cut.mp3", "libmp3lame", {}),
        ("cut.m4a", "aac", {"movflags": "faststart"}),
        ("cut.mka", "libopus", {}),
        ("cut.flac", None, {}),
        ("cut.ts", "aac", {}),
    ],
)
def test_truncated_file_gives_what_decodes_and_warns(tmp_path, name, codec, options):
    path = cut_file(tmp_path, name, codec, **options)
    with pytest.warns(UserWarning, match=rf"{name}' is cut short or damaged"):
        audio = load_audio(path)
    assert_is_sine(audio, seconds=3.0, slack=0.4)


def test_truncated_video_warns(tmp_path):
    path = encode_video(tmp_path / "cut.mp4", sine(60.0), movflags="faststart")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(UserWarning, match="cut.mp4"):
        assert 10 * RATE < len(load_audio(path)) < 50 * RATE


def test_mp3_damaged_in_the_middle_keeps_its_end(tmp_path):
    path = tmp_path / "bad.mp3"
    encode(str(path), "libmp3lame", sine(10.0, 44_100)[None], 44_100)
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 5000] = np.random.default_rng(0).bytes(5000)
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="bad.mp3"):
        audio = load_audio(path)
    assert len(audio) > 9 * RATE
    assert_is_sine(audio[-2 * RATE :], seconds=2.0)


@pytest.mark.parametrize("options", [{}, {"write_xing": "0"}], ids=["header", "no header"])
def test_complete_mp3_with_trailing_bytes_is_not_called_truncated(tmp_path, no_warnings, options):
    path = tmp_path / "x.mp3"
    encode(str(path), "libmp3lame", sine(3.0, 44_100)[None], 44_100, **options)
    path.write_bytes(path.read_bytes() + b"TAG" + b"title".ljust(125, b"\0"))
    assert_is_sine(load_audio(path), seconds=3.0)


def test_guessed_duration_is_no_evidence_of_truncation(tmp_path, no_warnings):
    """Raw aac has no length in its header; FFmpeg guesses 20 s here from the quiet start's low bit rate."""
    samples = np.concatenate([np.zeros(5 * 48_000), np.random.default_rng(0).uniform(-0.5, 0.5, 5 * 48_000)])
    path = tmp_path / "x.aac"
    encode(str(path), "aac", samples[None].astype(np.float32), 48_000, format="adts")
    with av.open(str(path)) as container:
        assert container.duration / av.time_base > 12  # or else this test shows nothing
    assert len(load_audio(path)) / RATE == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "codec", "keep"), [("cut.m4a", "aac", 0.6), ("cut.flac", None, 0.001), ("cut.mka", "libopus", 0.002)]
)
def test_truncated_file_of_which_nothing_decodes(tmp_path, name, codec, keep):
    path = cut_file(tmp_path, name, codec, keep=keep)
    with pytest.raises(InputError, match=rf"No sound in '.*{name}'"):
        load_audio(path)


def test_decoder_noise_stays_off_the_terminal(tmp_path, capfd):
    path = cut_file(tmp_path, "cut.flac", None)
    with pytest.warns(UserWarning):
        load_audio(path)
    assert capfd.readouterr() == ("", "")


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
        ("silent video", "no audio stream"),
        ("fifo", "not a regular file"),
        ("rate 0", "not an audio or video file"),
        ("rate 1", "Wrong sampling rate 1 "),
        ("unknown codec", "nothing of it could be decoded"),
    ],
)
def test_bad_file_is_named_in_one_sentence(tmp_path, no_warnings, kind, reason):
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
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
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
def test_bad_arrays(no_warnings, samples, reason):
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
