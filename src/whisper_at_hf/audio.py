"""Any user input (path, URL, bytes, array, ...) as the mono float32 samples that Whisper reads."""

import http.client
import io
import math
import numbers
import os
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO

import numpy as np

from .decoding import decode, to_mono
from .errors import InputError

DOWNLOAD_TIMEOUT_S = 30.0
# Hz. Outside lies no recording, but 16 for 16 kHz, or a broken header.
LOWEST_RATE, HIGHEST_RATE = 1_000, 10_000_000

# One stretch of sound: its rate in Hz, not yet checked, and mono float32 samples of shape (samples,).
Block = tuple[Any, np.ndarray]


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
        float32 samples of shape `(samples,)` with at least one sample, all finite; never a view of `source`.

    Raises:
        InputError: there is no sound in `source`, or it cannot be read; the message names it.

    Warns:
        UserWarning: the file is cut short or damaged, and only a part of it decodes.
    """
    name = describe_source(source)
    rate = _checked_rate(sampling_rate, name)
    pieces = list(_resampled(_blocks(source, name, rate), name, rate))
    audio = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.float32)
    if not audio.size:
        raise InputError(f"No sound in {name} (0 samples): pass at least one sample.")
    if not np.isfinite(audio).all():
        raise InputError(f"NaN or infinite samples in {name}: replace them, for instance by numpy.nan_to_num.")
    return audio


def describe_source(source: Any) -> str:
    """A few words for messages about a source of `load_audio`: `'x.wav'`, `audio bytes`, `the array`, ..."""
    if isinstance(source, Mapping):
        if source.get("path") is not None:
            return describe_source(source["path"])
        values = (source.get(key) for key in ("raw", "array", "bytes"))
        return next((describe_source(value) for value in values if value is not None), "the dict")
    if isinstance(source, str | os.PathLike):
        text = os.fsdecode(source)
        return repr(text if len(text) <= 300 else f"{text[:100]}...{text[-100:]}")
    if isinstance(source, bytes | bytearray | memoryview):
        return "audio bytes"
    kinds = {"ndarray": "array", "Tensor": "tensor", "AudioDecoder": "audio decoder"}
    kind = type(source).__name__
    return f"the {kinds.get(kind, kind)}"


def _blocks(source: Any, name: str, default_rate: float) -> Iterator[Block]:
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        yield from decode(io.BytesIO(_download(source, name)), name)
    elif isinstance(source, str | os.PathLike):
        with _open(os.fsdecode(source), name) as file:
            yield from decode(file, name)
    elif isinstance(source, bytes | bytearray | memoryview):
        yield from decode(io.BytesIO(source), name)
    elif isinstance(source, Mapping):
        yield from _blocks_of_dict(source, name, default_rate)
    elif hasattr(source, "get_all_samples"):
        samples = source.get_all_samples()
        yield samples.sample_rate, to_mono(_as_array(samples.data, name))
    else:
        yield default_rate, to_mono(_channels_first(_as_array(source, name), name))


def _blocks_of_dict(source: Mapping[str, Any], name: str, default_rate: float) -> Iterator[Block]:
    samples = source.get("raw") if source.get("raw") is not None else source.get("array")
    content = source.get("bytes") if source.get("bytes") is not None else source.get("path")
    if samples is not None:
        if source.get("sampling_rate") is None:
            raise InputError(f'No sampling rate for {name}: add "sampling_rate", in Hz, to the dict.')
        yield source["sampling_rate"], to_mono(_channels_first(_as_array(samples, name), name))
    elif content is not None:
        yield from _blocks(content, name, default_rate)
    else:
        raise InputError('No sound in the dict: give "raw" or "array" with "sampling_rate", or "path" or "bytes".')


def _open(path: str, name: str) -> BinaryIO:
    if os.path.isdir(path):
        raise InputError(f"{name} is a directory: pass the files in it one by one.")
    if not os.path.exists(path):
        raise InputError(f"{name} does not exist: check the path (only http:// and https:// URLs are downloaded).")
    if not os.path.isfile(path):  # reading a pipe or a device may never end
        raise InputError(f"{name} is not a regular file: save the sound to one first, or pass its bytes.")
    try:
        return open(path, "rb")
    except PermissionError as error:
        raise InputError(f"{name} may not be read: give yourself permission to read it.") from error
    except OSError as error:
        raise InputError(f"{name} could not be read ({error.strerror}): check the file.") from error


def _download(url: str, name: str) -> bytes:
    # Addresses copied from a browser may hold spaces and letters beyond ASCII.
    quoted = urllib.parse.quote(url, safe="%/:?#[]@!$&'()*+,;=~")
    try:
        request = urllib.request.Request(quoted, headers={"User-Agent": "whisper-at-hf"})  # some hosts refuse Python's
        with urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT_S) as response:
            return response.read()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InputError(f"{name} could not be downloaded ({error}): check the URL and the connection.") from error


def _as_array(samples: Any, name: str) -> np.ndarray:
    import torch

    if isinstance(samples, torch.Tensor):
        samples = samples.detach().cpu()
        samples = samples.float().numpy() if samples.is_floating_point() else samples.numpy()
    elif not isinstance(samples, list | tuple) and not hasattr(samples, "__array__"):
        raise InputError(f"{name} is no sound (type {type(samples).__name__}): pass a path, URL, bytes or array.")
    try:
        array = np.asarray(samples)
    except ValueError as error:
        raise InputError(f"{name} holds rows of unequal length: pass one list of samples for each channel.") from error
    # 64-bit integers usually are samples of 16 bits that lost their dtype: full scale is unknown.
    if array.dtype.kind not in "fiu" or (array.dtype.kind in "iu" and array.dtype.itemsize > 4):
        raise InputError(f"{name} has dtype {array.dtype}, not sound: pass float32 in [-1, 1] or int16 samples.")
    return array


def _channels_first(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim not in (1, 2):
        raise InputError(f"{name} has shape {array.shape}: pass (samples,) or (channels, samples), not a batch.")
    if not array.size:
        return np.empty((1, 0), dtype=np.float32)
    array = np.atleast_2d(array)
    return array if array.shape[0] <= array.shape[1] else array.T


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
            first = block if first is None else first
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
