"""Sounds made on the spot, and files of them."""

import av
import numpy as np
import pytest

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
