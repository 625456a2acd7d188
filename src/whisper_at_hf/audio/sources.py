"""Opens every kind of sound source, and turns it into stretches of sound at the rate it comes in."""

import http.client
import io
import os
import stat
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from ..errors import InputError
from .media import decode, to_mono

DOWNLOAD_TIMEOUT_S = 30.0
# Arrays are converted piece by piece, so that no second copy of a long one is held.
SAMPLES_PER_BLOCK = 1 << 20

# One stretch of sound: its rate in Hz, not yet checked, and mono float32 samples of shape (samples,).
Block = tuple[Any, np.ndarray]
BlocksOf = Callable[[Any, str, float], Iterator[Block]]


def describe_source(source: Any) -> str:
    """A few words for messages about a source of sound: `'x.wav'`, `audio bytes`, `the array`, `the stream`, ..."""
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
    if hasattr(source, "read"):
        return _describe_file(source)
    kinds = {"ndarray": "array", "Tensor": "tensor", "AudioDecoder": "audio decoder"}
    kind = type(source).__name__
    return f"the {kinds.get(kind, kind)}"


def _describe_file(file: Any) -> str:
    name = getattr(file, "name", None)  # pipes are named by a number
    if name == "<stdin>":
        return "standard input"
    return describe_source(name) if isinstance(name, str) else f"the {type(file).__name__}"


def whole_blocks(source: Any, name: str, default_rate: float) -> Iterator[Block]:
    """
    The sound of a source that is there as a whole: the kinds that `load_audio` takes.

    Args:
        name: what errors call it.
        default_rate: the rate of samples that come without one, in Hz.

    Raises:
        InputError: it cannot be opened, is of no known kind, or holds no sound that can be decoded.
    """
    if _is_url(source):
        with _opened_url(source, name) as response:
            try:
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise _failed_download(name, error) from error
        yield from decode(io.BytesIO(content), name)
    elif isinstance(source, str | os.PathLike):
        with _opened_path(os.fsdecode(source), name) as file:
            yield from decode(file, name)
    elif isinstance(source, bytes | bytearray | memoryview):
        yield from decode(io.BytesIO(source), name)
    elif isinstance(source, Mapping):
        yield from _blocks_of_dict(source, name, default_rate, whole_blocks)
    elif hasattr(source, "get_all_samples"):
        samples = source.get_all_samples()
        yield from _blocks_of_array(_as_array(samples.data, name), samples.sample_rate)
    else:
        yield from _blocks_of_array(_channels_first(_as_array(source, name), name), default_rate)


def streamed_blocks(source: Any, name: str, default_rate: float) -> Iterator[Block]:
    """
    The sound of a source as it arrives: the kinds that `stream_audio` takes.

    Arguments and errors are those of `whole_blocks`.
    """
    if _is_url(source):
        with _opened_url(source, name) as response:
            yield from decode(_Download(response), name)
    elif isinstance(source, str | os.PathLike):
        with _opened_path(os.fsdecode(source), name, may_be_pipe=True) as file:
            yield from decode(file, name)
    elif isinstance(source, Mapping):
        yield from _blocks_of_dict(source, name, default_rate, streamed_blocks)
    elif hasattr(source, "read"):
        if not _gives_bytes(source):
            raise InputError(f"{name} does not give bytes: open it to read, in binary mode, or pass sys.stdin.buffer.")
        yield from decode(source, name)
    elif _is_iterable_of_blocks(source):
        for index, item in enumerate(source):
            item_name = f"block {index} of {name}"
            if isinstance(item, Mapping):
                yield from _blocks_of_dict(item, item_name, default_rate, whole_blocks)
            else:
                yield from _blocks_of_array(_channels_first(_as_array(item, item_name), item_name), default_rate)
    else:
        yield from whole_blocks(source, name, default_rate)


def _gives_bytes(file: Any) -> bool:
    try:
        return isinstance(file.read(0), bytes)
    except (OSError, ValueError):  # write-only, or closed
        return False


def _is_url(source: Any) -> bool:
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def _is_iterable_of_blocks(source: Any) -> bool:
    if isinstance(source, list | tuple):
        # Of arrays: blocks. Of numbers, or of lists of numbers: samples, as `load_audio` reads them.
        return bool(source) and all(hasattr(item, "__array__") and np.ndim(item) for item in source)
    is_one_piece = isinstance(source, bytes | bytearray | memoryview) or hasattr(source, "__array__")
    return isinstance(source, Iterable) and not is_one_piece and not hasattr(source, "get_all_samples")


def _blocks_of_dict(source: Mapping[str, Any], name: str, default_rate: float, blocks_of: BlocksOf) -> Iterator[Block]:
    samples = source.get("raw") if source.get("raw") is not None else source.get("array")
    content = source.get("bytes") if source.get("bytes") is not None else source.get("path")
    if samples is not None:
        if source.get("sampling_rate") is None:
            raise InputError(f'No sampling rate for {name}: add "sampling_rate", in Hz, to the dict.')
        yield from _blocks_of_array(_channels_first(_as_array(samples, name), name), source["sampling_rate"])
    elif content is not None:
        yield from blocks_of(content, name, default_rate)
    else:
        raise InputError('No sound in the dict: give "raw" or "array" with "sampling_rate", or "path" or "bytes".')


def _blocks_of_array(channels_first: np.ndarray, rate: Any) -> Iterator[Block]:
    for begin in range(0, channels_first.shape[1], SAMPLES_PER_BLOCK):
        yield rate, to_mono(channels_first[:, begin : begin + SAMPLES_PER_BLOCK])


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


def _opened_path(path: str, name: str, may_be_pipe: bool = False) -> BinaryIO:
    if os.path.isdir(path):
        raise InputError(f"{name} is a directory: pass its files, or hand it to whisper-at run.")
    if not os.path.exists(path):
        raise InputError(f"{name} does not exist: check the path (only http:// and https:// URLs are downloaded).")
    is_pipe = may_be_pipe and stat.S_ISFIFO(os.stat(path).st_mode)
    if not os.path.isfile(path) and not is_pipe:  # reading a device, or a whole pipe, may never end
        raise InputError(f"{name} is not a regular file: save the sound to one first, or pass its bytes.")
    try:
        return open(path, "rb")
    except PermissionError as error:
        raise InputError(f"{name} may not be read: give yourself permission to read it.") from error
    except OSError as error:
        raise InputError(f"{name} could not be read ({error.strerror}): check the file.") from error


def _opened_url(url: str, name: str) -> http.client.HTTPResponse:
    # Addresses copied from a browser may hold spaces and letters beyond ASCII.
    quoted = urllib.parse.quote(url, safe="%/:?#[]@!$&'()*+,;=~")
    try:
        request = urllib.request.Request(quoted, headers={"User-Agent": "whisper-at-hf"})  # some hosts refuse Python's
        return urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT_S)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _failed_download(name, error) from error


def _failed_download(name: str, error: Exception) -> InputError:
    return InputError(f"{name} could not be downloaded ({error}): check the URL and the connection.")


class _Download:
    """A response read piece by piece, whose every failure, also a silent early end, is an OSError."""

    def __init__(self, response: http.client.HTTPResponse):
        self._response = response

    def read(self, size: int) -> bytes:
        try:
            content = self._response.read(size)
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        if size and not content and self._response.length:
            raise OSError(f"the connection ended {self._response.length} bytes early")
        return content
