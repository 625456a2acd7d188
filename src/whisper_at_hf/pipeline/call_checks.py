"""Whether a call's parameters can be right, found before any audio is read."""

import difflib
import inspect
import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from transformers import AutomaticSpeechRecognitionPipeline, GenerationConfig, WhisperForConditionalGeneration
from transformers.generation import GenerationMixin

from ..errors import InputError
from .heard import HEARING_NAMES

_OURS = {"return_text", "return_tags", "mode", *HEARING_NAMES}


def check_batch_size(batch_size: Any) -> None:
    """Raise InputError unless it is a number of windows."""
    _check_whole("batch_size", batch_size, 1, "windows")


def check_batching(parameters: Mapping[str, Any]) -> None:
    """Check `batch_size` and `num_workers` where a call gives them; None is the pipeline's own."""
    if (batch_size := parameters.get("batch_size")) is not None:
        check_batch_size(batch_size)
    if (num_workers := parameters.get("num_workers")) is not None:
        _check_whole("num_workers", num_workers, 0, "processes")


def check_call(model: Any, parameters: Mapping[str, Any]) -> None:
    """Refuse names that neither the pipeline nor `generate` knows, and values of the wrong kind.

    Args:
        model: the pipeline's.
        parameters: of the call, but for its input, `batch_size` and `num_workers`.

    Raises:
        InputError: one of them is wrong; the message names it.
    """
    for name in ("return_text", "return_tags", "return_language"):
        if parameters.get(name) not in (None, True, False):
            raise InputError(f"{name}={parameters[name]!r} is neither True nor False; use one of them.")
    timestamps = parameters.get("return_timestamps")
    if not isinstance(timestamps, bool | str | None) or timestamps not in (None, True, False, "word"):
        raise InputError(f"return_timestamps={timestamps!r} is unknown; use True, False or 'word'.")
    _check_seconds("chunk_length_s", parameters.get("chunk_length_s"))
    strides = parameters.get("stride_length_s")
    for stride in strides if isinstance(strides, list | tuple) else [strides]:
        _check_seconds("stride_length_s", stride)
    generate_kwargs = parameters.get("generate_kwargs")
    if not isinstance(generate_kwargs, Mapping | None):
        raise InputError(f"generate_kwargs={generate_kwargs!r} is no dict; use one, such as {{'language': 'de'}}.")
    known = _names(model)
    for name in [*parameters, *(generate_kwargs or {})]:
        if name not in known:
            similar = difflib.get_close_matches(name, known, 1)
            fix = f"did you mean {similar[0]!r}?" if similar else "leave it out."
            raise InputError(f"{name!r} is no parameter of this pipeline or of generate: {fix}")


def _names(model: Any) -> set[str]:
    """All parameters that a call may have."""
    stock, whisper = GenerationMixin.generate, WhisperForConditionalGeneration.generate
    readers = [AutomaticSpeechRecognitionPipeline._sanitize_parameters, stock, whisper, model.forward]
    names = {name for reader in readers for name in inspect.signature(reader).parameters}
    settings = [GenerationConfig(), getattr(model, "generation_config", None) or GenerationConfig()]
    names |= {name for config in settings for name in vars(config)}
    return names - {"self", "kwargs"} | {"generate_kwargs"} | _OURS


def _check_seconds(name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < math.inf:
        raise InputError(f"{name}={value!r} is not a number of seconds; use 0 or more.")


def _check_whole(name: str, value: Any, least: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name}={value!r} is not a number of {what}; use a whole number from {least} on.")
