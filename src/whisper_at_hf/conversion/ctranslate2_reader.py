"""Reads CTranslate2's `model.bin`.

Layout (https://github.com/OpenNMT/CTranslate2, `python/ctranslate2/specs/model_spec.py`), little-endian: u32 version,
string spec name, u32 spec revision, u32 count and that many variables, u32 count and that many aliases (two strings).
A variable is a string name, u8 rank, u32 per dimension, u8 type, u32 size in bytes, data. A string is a u16 length and
that many bytes, the last of them NUL.
"""

import math
import mmap
import os
import struct
from pathlib import Path

import torch

from ..errors import InputError

SUPPORTED_VERSION = 6
"""The binary version that every CTranslate2 release with Whisper support writes."""

DTYPES = (torch.float32, torch.int8, torch.int16, torch.int32, torch.float16, torch.bfloat16)
"""Indexed by the type byte of a variable."""

SCALE_SUFFIX = "_scale"


class _Cursor:
    """Consumes a buffer from its start; running past its end raises `struct.error`."""

    def __init__(self, buffer: mmap.mmap):
        self.buffer = buffer
        self.position = 0

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from(f"<{code}", self.buffer, self.position)
        self.position += struct.calcsize(code)
        return value

    def data(self, size: int) -> bytearray:
        chunk = self.buffer[self.position : self.position + size]
        if len(chunk) < size:
            raise struct.error(f"{size} bytes announced, {len(chunk)} left")
        self.position += size
        return bytearray(chunk)

    def string(self) -> str:
        return self.data(self.number("H")).rstrip(b"\0").decode("utf-8")

    def variable(self) -> torch.Tensor:
        shape = [self.number("I") for _ in range(self.number("B"))]
        dtype = DTYPES[self.number("B")]
        size = self.number("I")
        if size != math.prod(shape) * dtype.itemsize:
            raise struct.error(f"{size} bytes announced for {dtype} of shape {shape}")
        return torch.frombuffer(self.data(size), dtype=dtype).reshape(shape)


def read_model_bin(path: str | os.PathLike) -> dict[str, torch.Tensor]:
    """Read every variable of a CTranslate2 Whisper `model.bin`, by its CTranslate2 name.

    Floating-point weights keep their type and values; integer weights that were quantised are returned in float32,
    dequantised, and their scales are left out. Aliases name the same tensor as their target.

    Raises:
        InputError: the file is missing, truncated, corrupt, of another version, not Whisper, or quantised without
            its scales.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path} does not exist: give the folder of a CTranslate2 Whisper model, which holds model.bin."
        )
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty: copy or download the CTranslate2 model again.")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        cursor = _Cursor(buffer)
        try:
            _check_header(cursor, path)
            variables = _dequantise(_read_variables(cursor), path)
            for _ in range(cursor.number("I")):
                alias, target = cursor.string(), cursor.string()
                # The scales are gone by now, and so may be the target of a scale's alias.
                if not alias.endswith(SCALE_SUFFIX):
                    variables[alias] = variables[target]
        except (struct.error, LookupError, RuntimeError, ValueError) as error:
            raise InputError(
                f"{path} is truncated or not a CTranslate2 model.bin ({error}): copy or download it again."
            ) from error
    return variables


def _check_header(cursor: _Cursor, path: Path) -> None:
    version = cursor.number("I")
    if version != SUPPORTED_VERSION:
        raise InputError(
            f"{path} is no CTranslate2 model of binary version {SUPPORTED_VERSION} (its first number is {version}): "
            "convert the model again with a current CTranslate2."
        )
    spec = cursor.string()
    if spec != "WhisperSpec":
        raise InputError(f"{path} holds a CTranslate2 {spec}, not a WhisperSpec: give a Whisper model.")
    cursor.number("I")  # the revision of the spec, which does not change the names used here


def _read_variables(cursor: _Cursor) -> dict[str, torch.Tensor]:
    variables = {}
    for _ in range(cursor.number("I")):
        name = cursor.string()
        variables[name] = cursor.variable()
    return variables


def _dequantise(variables: dict[str, torch.Tensor], path: Path) -> dict[str, torch.Tensor]:
    """CTranslate2 stores round(weight * scale), with one scale a row (int8) or one for the whole weight (int16)."""
    floats = {}
    for name, value in variables.items():
        if name.endswith(SCALE_SUFFIX):
            continue
        if value.dim() > 0 and not value.is_floating_point():
            scale = variables.get(name + SCALE_SUFFIX)
            if scale is None:
                raise InputError(
                    f"{path} stores {name} as {str(value.dtype).removeprefix('torch.')} without its scales: "
                    "give the float16 or float32 conversion of the model."
                )
            value = value.float() / scale.float().reshape(-1, *[1] * (value.dim() - 1))
        floats[name] = value
    return floats
