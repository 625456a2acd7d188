"""load_audio on files, complete and damaged, against tones known in advance and samples read by libsndfile."""

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from sounds import RATE, assert_is_sine, encode, encode_video, sine

from whisper_at_hf.audio import load_audio
from whisper_at_hf.errors import InputError


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_wav_at_16_khz_is_what_libsndfile_reads(tmp_path, subtype):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, 5000), RATE, subtype=subtype)
    expected = soundfile.read(path, dtype="float32")[0]
    np.testing.assert_array_equal(load_audio(path), expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_channels_are_averaged(tmp_path, subtype):
    path = tmp_path / "x.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, (5000, 2)), RATE, subtype=subtype)
    expected = soundfile.read(path, dtype="float64")[0].mean(axis=1)
    np.testing.assert_allclose(load_audio(path), expected, atol=1e-6)


@pytest.mark.filterwarnings("error")
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
def test_any_container(tmp_path, name, codec, rate, channels):
    samples = np.tile(sine(2.0, rate), (channels, 1))
    encode(str(tmp_path / name), codec, samples, rate, format="adts" if name == "x.aac" else None)
    assert_is_sine(load_audio(tmp_path / name), seconds=2.0)


@pytest.mark.filterwarnings("error")
def test_vorbis(tmp_path):
    soundfile.write(tmp_path / "x.ogg", sine(2.0, 44_100), 44_100)
    assert_is_sine(load_audio(tmp_path / "x.ogg"), seconds=2.0, slack=0.01)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_resampling_keeps_length_pitch_and_place(tmp_path, rate):
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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("channels", [3, 6, 7, 8, 9, 16])
def test_many_channels_are_averaged_evenly(tmp_path, channels):
    samples = np.zeros((RATE, channels), np.float32)
    samples[:, -1] = sine(1.0, amplitude=0.8)
    for name in ("x.wav", "x.ogg"):  # interleaved and planar
        soundfile.write(tmp_path / name, samples, RATE)
        assert_is_sine(load_audio(tmp_path / name), seconds=1.0, amplitude=0.8 / channels)


@pytest.mark.filterwarnings("error")
def test_wav_of_64_bit_integers(tmp_path):
    samples = np.array([0.0, 0.5, -0.25, 0.0], np.float64)
    soundfile.write(tmp_path / "x.wav", samples, RATE, subtype="DOUBLE")
    content = bytearray((tmp_path / "x.wav").read_bytes())
    content[20:22] = struct.pack("<H", 1)  # the format tag for integers
    content[-32:] = (samples * 2**63).astype("<i8").tobytes()
    np.testing.assert_array_equal(load_audio(bytes(content)), samples)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 192_000])
@pytest.mark.parametrize("count", [1, 2, 5, 13])
def test_a_few_samples_never_vanish(tmp_path, rate, count):
    soundfile.write(tmp_path / "x.wav", np.full(count, 0.5), rate, subtype="FLOAT")
    audio = load_audio(tmp_path / "x.wav")
    assert abs(len(audio) - max(1, count * RATE / rate)) <= 1 and audio.all()


@pytest.mark.filterwarnings("error")
def test_ten_milliseconds_and_silence(tmp_path):
    soundfile.write(tmp_path / "short.wav", sine(0.01, 48_000), 48_000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    assert len(load_audio(tmp_path / "short.wav")) == 160
    silence = load_audio(tmp_path / "silent.wav")
    assert len(silence) == RATE and not silence.any()


@pytest.mark.filterwarnings("ignore:.*cut short or damaged")  # the second part's header is no sound
def test_rate_and_channels_that_change_midway():
    joined = io.BytesIO()
    for rate, channels, frequency in ((44_100, 2, 440.0), (22_050, 1, 880.0)):
        part = encode(
            io.BytesIO(), "libmp3lame", np.tile(sine(2.0, rate, frequency), (channels, 1)), rate, format="mp3"
        )
        joined.write(part.getvalue())
    audio = load_audio(joined.getvalue())
    assert_is_sine(audio[: 2 * RATE], seconds=2.0)
    assert_is_sine(audio[-2 * RATE :], seconds=2.0, frequency=880.0)
    assert len(audio) / RATE == pytest.approx(4.0, abs=0.15)


@pytest.mark.filterwarnings("error")
def test_sound_of_a_video(tmp_path):
    path = encode_video(tmp_path / "x.mp4", sine(2.0))
    assert_is_sine(load_audio(path), seconds=2.0)


@pytest.mark.filterwarnings("error")
def test_sound_shorter_than_its_video_is_not_called_truncated(tmp_path):
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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("options", [{}, {"write_xing": "0"}], ids=["header", "no header"])
def test_complete_mp3_with_trailing_bytes_is_not_called_truncated(tmp_path, options):
    path = tmp_path / "x.mp3"
    encode(str(path), "libmp3lame", sine(3.0, 44_100)[None], 44_100, **options)
    path.write_bytes(path.read_bytes() + b"TAG" + b"title".ljust(125, b"\0"))
    assert_is_sine(load_audio(path), seconds=3.0)


@pytest.mark.filterwarnings("error")
def test_guessed_duration_is_no_evidence_of_truncation(tmp_path):
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
