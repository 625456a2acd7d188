"""Any user input (path, URL, bytes, array, ...) as the mono float32 samples that Whisper reads."""

import math
import numbers
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from ..errors import InputError
from .sources import Block, describe_source, streamed_blocks, whole_blocks

# Hz. Outside lies no recording, but 16 for 16 kHz, or a broken header.
LOWEST_RATE, HIGHEST_RATE = 1_000, 10_000_000

# Full scale is 1, or 2**31 where integers of 32 bits were made floats without scaling. From about 1e16 on, the square
# of a spectrum is beyond what float32 holds.
LOUDEST = 2.0**32

# A day, 5.5 GB of samples at 16 kHz. Packed silence takes a thousandth of its samples: without a limit, a file of some
# megabytes could fill any memory. `stream_audio` needs none.
LONGEST_SECONDS = 86_400


def load_audio(source: Any, sampling_rate: int = 16_000) -> np.ndarray:
    """
    Loads sound, averages its channels and resamples it.

    Args:
        source: one of
            - a local path, or an http:// or https:// URL, of any audio or video file that FFmpeg reads;
            - the bytes of such a file;
            - an array, tensor or list of samples at `sampling_rate`, of shape `(samples,)`, or two-dimensional with
              the channels along the shorter axis; floats in [-1, 1] or 8 to 32-bit integers;
            - `{"raw" or "array": samples, "sampling_rate": Hz}`;
            - `{"path": ..., "bytes": ...}`, as `datasets.Audio(decode=False)` gives;
            - a torchcodec `AudioDecoder`.
        sampling_rate: the rate wanted, in Hz.

    Returns:
        float32 samples of shape `(samples,)` with at least one sample, all finite and at most `LOUDEST`; never a view
        of `source`.

    Raises:
        InputError: there is no sound in `source`, it cannot be read, or it is longer than `LONGEST_SECONDS`; the
            message names it.

    Warns:
        UserWarning: the file is cut short or damaged, and only a part of it decodes.
    """
    name = describe_source(source)
    rate = _checked_rate(sampling_rate, name)
    pieces, count = [], 0
    for piece in _checked(_resampled(whole_blocks(source, name, rate), name, rate), name):
        count += len(piece)
        if count > LONGEST_SECONDS * rate:
            raise InputError(f"{name} lasts longer than {LONGEST_SECONDS / 3600:g} hours: cut it, or stream it.")
        pieces.append(piece)
    return np.concatenate(pieces)


def stream_audio(source: Any, sampling_rate: int = 16_000) -> Iterator[np.ndarray]:
    """
    Loads sound as `load_audio` does, but piece by piece as it arrives: memory does not grow with its length.

    Args:
        source: what `load_audio` takes, or one of
            - a binary file object, which stays open. One that cannot seek (`sys.stdin.buffer`, a pipe, a socket's
              file) is decoded as its bytes arrive;
            - the path of a named pipe;
            - an iterable of arrays of samples at `sampling_rate`, such as a generator that reads a microphone, or of
              `{"raw" or "array": samples, "sampling_rate": Hz}`. Their shapes and types are those of `load_audio`.
              A list of arrays, too, is blocks that follow each other, where `load_audio` takes it for channels;
            URLs, too, are decoded while they are downloaded. A file with its index at its end (mp4 files that were not
            written for streaming) can be read from a path, but not from a pipe or URL.
        sampling_rate: the rate wanted, in Hz.

    Returns:
        an iterator over float32 samples of shape `(samples,)`, all finite, at least one sample each; never views of
        `source`. Joined, they are what `load_audio` returns.

    Raises:
        InputError: there is no sound in `source`, or it cannot be read; the message names it. Except for a wrong
            `sampling_rate`, it is raised by the iterator, after what came before has been yielded.

    Warns:
        UserWarning: the file is cut short or damaged, and only a part of it decodes.
    """
    name = describe_source(source)
    rate = _checked_rate(sampling_rate, name)
    return _checked(_resampled(streamed_blocks(source, name, rate), name, rate), name)


def _checked(pieces: Iterable[np.ndarray], name: str) -> Iterator[np.ndarray]:
    is_empty = True
    for piece in pieces:
        if not np.isfinite(piece).all():
            raise InputError(f"NaN or infinite samples in {name}: replace them, for instance by numpy.nan_to_num.")
        if piece.size and max(piece.max(), -piece.min()) > LOUDEST:
            raise InputError(f"Samples beyond {LOUDEST:g} in {name}: pass float32 in [-1, 1].")
        if piece.size:
            is_empty = False
            yield piece
    if is_empty:
        raise InputError(f"No sound in {name} (0 samples): pass at least one sample.")


def _resampled(blocks: Iterable[Block], name: str, target_rate: float) -> Iterator[np.ndarray]:
    import soxr

    for rate, group in groupby(blocks, key=itemgetter(0)):
        rate = _checked_rate(rate, name)
        if rate == target_rate:
            yield from (block for _, block in group)
            continue
        resampler = soxr.ResampleStream(rate, target_rate, num_channels=1, dtype="float32", quality="HQ")
        first, produced = None, 0
        for _, block in group:
            first = block if first is None or not first.size else first
            piece = resampler.resample_chunk(block)
            produced += len(piece)
            yield piece
        rest = resampler.resample_chunk(np.empty(0, dtype=np.float32), last=True)
        # Sound shorter than one sample at the target rate would vanish.
        yield rest if produced + len(rest) else first[:1]


def _checked_rate(rate: Any, name: str) -> float:
    if getattr(rate, "ndim", None) == 0:  # a tensor or numpy number, as data sets give
        rate = rate.item()
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool) and math.isfinite(rate)
    if not is_number or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise InputError(f"Wrong sampling rate {rate!r} for {name}: give samples a second (Hz), for instance 16000.")
    return rate
