"""Whether a call's parameters can be right, found before any audio is read."""

import difflib
import inspect
import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import torch
from transformers import AutomaticSpeechRecognitionPipeline, GenerationConfig, WhisperForConditionalGeneration
from transformers.generation import GenerationMixin

from ..errors import InputError
from .heard import HEARING_NAMES

# Less than a word: each chunk would cost as much as 30 s, and a file would take for ever.
SHORTEST_CHUNK_S = 1.0

# Parameters of `generate` that count something: the least that each can be, and what it counts.
_COUNTS = {
    "num_beams": (1, "beams"),
    "num_return_sequences": (1, "texts"),
    "max_new_tokens": (1, "tokens"),
    "max_length": (1, "tokens"),
    "min_new_tokens": (0, "tokens"),
    "min_length": (0, "tokens"),
    "no_repeat_ngram_size": (0, "tokens"),
    "encoder_no_repeat_ngram_size": (0, "tokens"),
}
# Those that are any number, or None.
_NUMBERS = ("compression_ratio_threshold", "logprob_threshold", "no_speech_threshold", "length_penalty")
# Those above 0, or None.
_ABOVE_ZERO = ("repetition_penalty", "encoder_repetition_penalty", "max_time")
# Those that are one of a few.
_CHOICES = {
    "early_stopping": (True, False, "never"),
    "task": ("transcribe", "translate"),
    "prompt_condition_type": ("first-segment", "all-segments"),
}

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
    chunk = parameters.get("chunk_length_s")
    _check_seconds("chunk_length_s", chunk)
    if chunk and chunk < SHORTEST_CHUNK_S:
        raise InputError(
            f"chunk_length_s={chunk:g} is too short for words; use at least {SHORTEST_CHUNK_S:g} s, or leave it out."
        )
    strides = parameters.get("stride_length_s")
    for stride in strides if isinstance(strides, list | tuple) else [strides]:
        _check_seconds("stride_length_s", stride)
    generate_kwargs = parameters.get("generate_kwargs")
    if not isinstance(generate_kwargs, Mapping | None):
        raise InputError(f"generate_kwargs={generate_kwargs!r} is no dict; use one, such as {{'language': 'de'}}.")
    check_names(model, [*parameters, *(generate_kwargs or {})])
    _check_for_generate({**parameters, **(generate_kwargs or {})})


def check_names(model: Any, names: Iterable[str]) -> None:
    """Raise InputError for a name that neither the pipeline nor `generate` knows."""
    known = _names(model)
    for name in names:
        if name not in known:
            similar = difflib.get_close_matches(str(name), known, 1)
            fix = f"did you mean {similar[0]!r}?" if similar else "leave it out."
            raise InputError(f"{name!r} is no parameter of this pipeline or of generate: {fix}")


def _check_for_generate(given: Mapping[str, Any]) -> None:
    """Raise InputError for values that decoding would fail on somewhere inside."""
    for name, (least, what) in _COUNTS.items():
        if given.get(name) is not None:
            _check_whole(name, given[name], least, what)
    for name in _NUMBERS:
        if given.get(name) is not None and not _is_number(given[name]):
            raise InputError(f"{name}={given[name]!r} is not a number; use one, or None.")
    for name in _ABOVE_ZERO:
        if given.get(name) is not None and not (_is_number(given[name]) and given[name] > 0):
            raise InputError(f"{name}={given[name]!r} is not a number above 0; use one, or None.")
    for name, choices in _CHOICES.items():
        if given.get(name) is not None and given[name] not in choices:
            raise InputError(f"{name}={given[name]!r} is unknown; use {' or '.join(map(repr, choices))}.")
    prompt = given.get("prompt_ids")
    if prompt is not None and not (isinstance(prompt, torch.Tensor) and prompt.ndim == 1):
        raise InputError(
            "prompt_ids is not a tensor of tokens; use processor.get_prompt_ids(text, return_tensors='pt')."
        )
    texts, beams = given.get("num_return_sequences") or 1, given.get("num_beams") or 1
    if texts > beams > 1:
        raise InputError(f"num_return_sequences={texts} is more than num_beams={beams}; use no more texts than beams.")
    temperature = given.get("temperature")
    several = temperature if isinstance(temperature, list | tuple) else [temperature]
    if temperature is not None and not (several and all(_is_number(one) and one >= 0 for one in several)):
        raise InputError(f"temperature={temperature!r} is no temperature; use a number from 0 on, or several.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


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
    if not _is_number(value) or value < 0:
        raise InputError(f"{name}={value!r} is not a number of seconds; use 0 or more.")


def _check_whole(name: str, value: Any, least: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name}={value!r} is not a number of {what}; use a whole number from {least} on.")
