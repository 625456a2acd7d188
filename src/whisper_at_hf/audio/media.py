"""The sound in the bytes of any media file, decoded with PyAV, whose wheels bundle FFmpeg's libraries."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    import av

# FFmpeg's sample formats, https://ffmpeg.org/doxygen/trunk/group__lavu__sampfmts.html
SAMPLE_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


def decode(file: BinaryIO, name: str) -> Iterator[tuple[int, np.ndarray]]:
    """
    Decodes the best audio stream of a media file, block by block.

    Damaged parts are skipped, as by the ffmpeg program. The rate may change from one block to the next, as in joined
    mp3 files.

    Args:
        file: a binary file. A seekable one is read from its start; any other, such as a pipe, from where it is, as its
            bytes arrive.
        name: what errors and warnings call it.

    Yields:
        the sampling rate in Hz, and mono float32 samples of shape `(samples,)` in [-1, 1].

    Raises:
        InputError: it is empty, no media file, has no audio stream, or nothing of it decodes.

    Warns:
        UserWarning: it is cut short or damaged, and only a part of it decodes.
    """
    import av

    with _opened(file, name) as container:
        stream = container.streams.best("audio")
        if stream is None:
            raise InputError(f"No sound in {name} (no audio stream): pass a file with an audio track.")
        if stream.codec_context is None:  # no decoder: PyAV 14 to 17.0 crash the process if it is asked to decode
            raise InputError(f"No sound in {name} (nothing of it could be decoded: unknown codec): {_fix(file)}.")
        declared = _declared_seconds(container, stream)
        decoded, errors = 0.0, 0
        packets = container.demux(stream)
        while True:
            try:
                # After an error of its own, `packets` is at its end, and the loop too.
                packet = next(packets, None)
                if packet is None:
                    break
                blocks = [(frame.sample_rate, _mono_frame(frame)) for frame in packet.decode()]
            except (av.FFmpegError, OSError, IndexError):  # IndexError: PyAV's, if a stream appears halfway through
                errors += 1
                continue
            for rate, block in blocks:
                decoded += len(block) / rate
                yield rate, block
    if not decoded:
        reason = "nothing of it could be decoded" if errors else "0 samples"
        raise InputError(f"No sound in {name} ({reason}): {_fix(file)}.")
    if _is_incomplete(decoded, declared, errors):
        used = f"{decoded:.1f} s" if declared is None else f"{decoded:.1f} s of {declared:.1f} s"
        warnings.warn(f"{name} is cut short or damaged: using only the {used} that could be decoded.", stacklevel=2)


def to_mono(samples: np.ndarray) -> np.ndarray:
    """
    Averages channels.

    Args:
        samples: shape `(channels, samples)`, float, or integers of which the full scale becomes [-1, 1].

    Returns:
        float32 of shape `(samples,)`.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # load_audio reports what overflows
        mono = samples.mean(axis=0, dtype=np.float32)
    if samples.dtype.kind not in "iu":
        return mono
    half = 2.0 ** (8 * samples.dtype.itemsize - 1)
    return (mono - half if samples.dtype.kind == "u" else mono) / half


@contextmanager
def _opened(file: BinaryIO, name: str) -> Iterator["av.container.InputContainer"]:
    import av

    if _is_seekable(file):
        is_empty = file.seek(0, io.SEEK_END) == 0
        file.seek(0)
    else:
        file = _ForwardFile(file)
        is_empty = file.is_empty()
    if is_empty:
        raise InputError(f"No sound in {name} (0 bytes): pass an audio or video file.")
    try:
        # A playlist must not make us read other files or addresses: hence no protocols. Tags in another encoding than
        # UTF-8 must not stop us.
        container = av.open(file, options={"protocol_whitelist": ""}, metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise InputError(
            f"No sound in {name} (not an audio or video file, or too little of one): {_fix(file)}."
        ) from error
    with container:
        yield container


def _is_seekable(file: BinaryIO) -> bool:
    return hasattr(file, "seekable") and file.seekable()


def _fix(file: BinaryIO) -> str:
    if _is_seekable(file):
        return "pass a complete media file"
    return (
        "pass a complete media file, saved first if it is an mp4 with its index at its end, which cannot be streamed"
    )


class _ForwardFile:
    """A file that is only read onwards, and never waited for longer than until some bytes are there."""

    def __init__(self, file: BinaryIO):
        self._read = getattr(file, "read1", file.read)
        self._ahead = b""

    def is_empty(self) -> bool:
        self._ahead = self._read(1)
        return not self._ahead

    def read(self, size: int) -> bytes:
        ahead, self._ahead = self._ahead, b""
        more = self._read(size - len(ahead))
        if len(ahead) + len(more) > size:  # FFmpeg's buffer has no room for it, and would be written over its end
            raise OSError(f"the source gave {len(more)} bytes where at most {size - len(ahead)} were asked for")
        return ahead + more


def _mono_frame(frame: "av.AudioFrame") -> np.ndarray:
    # Not frame.to_ndarray(): with 8 planar channels (7.1 in Opus, AAC, Vorbis), PyAV counts a ninth plane, and reading
    # that ends the process.
    dtype, channels = SAMPLE_DTYPES[frame.format.packed.name], frame.layout.nb_channels
    if frame.format.is_planar:
        return to_mono(np.stack([np.frombuffer(plane, dtype, frame.samples) for plane in frame.planes[:channels]]))
    interleaved = np.frombuffer(frame.planes[0], dtype, frame.samples * channels)
    return to_mono(interleaved.reshape(frame.samples, channels).T)


def _declared_seconds(container: "av.container.InputContainer", stream: "av.AudioStream") -> float | None:
    """The audio's length by the file's header, or None where there is none."""
    import av

    if stream.duration is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None and len(container.streams) == 1:  # else a video may be what lasts so long
        seconds = container.duration / av.time_base
    else:
        return None
    # Without a length in the header (aac, some mp3), FFmpeg guesses one from the first frames' bit rate, which can be
    # far too long. A real one that the file fell short of asks for more bytes than there are.
    bit_rate = sum(getattr(other.codec_context, "bit_rate", None) or 0 for other in container.streams)
    is_guess = bit_rate and container.size * 8 / bit_rate > 0.98 * seconds
    return None if is_guess else seconds


def _is_incomplete(decoded: float, declared: float | None, errors: int) -> bool:
    if declared is None:
        return errors > 0
    # Encoder padding makes complete files differ by some hundredths of a second.
    tolerance = 0.05 if errors else min(1.0, max(0.1, 0.1 * declared))
    return declared - decoded > tolerance
