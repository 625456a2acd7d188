"""Intact files of sound in every form, and how they are read."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from whisper_at_hf.audio import load_audio, stream_audio

SAMPLE = Path(__file__).parents[2] / "src" / "whisper_at_hf" / "assets" / "sample.flac"
SECONDS = 2
STEREO = ("opus", "m4a")
# Name: form, suffix, and how libsndfile or FFmpeg write it.
BY_SNDFILE = {
    "wav": ("wav", "WAV", "PCM_16"),
    "wav of 8 bits, mu-law": ("wav", "WAV", "ULAW"),
    "wav of ADPCM": ("wav", "WAV", "MS_ADPCM"),
    "wav of floats": ("wav", "WAV", "FLOAT"),
    "flac": ("flac", "FLAC", "PCM_16"),
    "ogg vorbis": ("ogg", "OGG", "VORBIS"),
    "aiff": ("aiff", "AIFF", "PCM_16"),
    "au": ("au", "AU", "PCM_16"),
}
BY_FFMPEG = {
    "mp3": ("mp3", "mp3", "libmp3lame"),
    "ogg opus": ("ogg", "ogg", "libopus"),
    "m4a": ("mp4", "ipod", "aac"),
    "mp4": ("mp4", "mp4", "mp3"),
    "webm": ("webm", "webm", "libopus"),
}
FORMS = {name: form for name, (form, *_) in (BY_SNDFILE | BY_FFMPEG).items()}


def sound_file(name: str) -> bytes:
    """Two seconds of the sample recording in that form, stereo in some, the same bytes every time."""
    samples = load_audio(SAMPLE)[: SECONDS * 16_000]
    if name in BY_SNDFILE:
        import soundfile

        _, container, subtype = BY_SNDFILE[name]
        file = io.BytesIO()
        soundfile.write(file, samples, 16_000, format=container, subtype=subtype)
        return file.getvalue()
    return _encoded(samples, *BY_FFMPEG[name][1:])


def read_sound(path: Path) -> None:
    """As a whole from a file, and as a stream through what cannot seek."""
    refused = None
    try:
        load_audio(path)
    except ValueError as error:
        refused = error
    for _ in stream_audio(_Pipe(path.read_bytes())):
        pass
    if refused is not None:
        raise refused


def _encoded(samples: np.ndarray, container: str, codec: str) -> bytes:
    import av

    file: Any = io.BytesIO()
    rate = 48_000 if codec == "libopus" else 16_000
    # Without this, Ogg and Matroska number their streams by chance.
    with av.open(file, "w", format=container, options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono" if codec == "mp3" else "stereo")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 0
        resampler = av.AudioResampler(stream.format, stream.layout, rate, stream.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return file.getvalue()


class _Pipe:
    """A binary file that cannot seek."""

    def __init__(self, content: bytes):
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)
