"""From log-mel windows to tokens and pooled states, all windows of a batch together, without `generate`."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from ..errors import InputError
from ..model.modeling_whisper_at import WhisperATForConditionalGeneration
from ..model.onednn import LinearByOneDNN
from ..model.timeline import FRAMES_PER_POSITION, PooledWindow, Span
from .fallback import DecodingOptions, WindowDecoder
from .tails import decode_with_tails
from .window import Piece, Window, WindowResult
from .word_times import word_times

# What models of one language do anyway.
_ENGLISH_ONLY = ("<|en|>", "transcribe")

_CHECKS = ("compression_ratio_threshold", "logprob_threshold", "no_speech_threshold", "max_new_tokens")


class WindowGenerator:
    """Encodes windows once, and decodes them greedily with Whisper's checks and fallback.

    Args:
        model: with a decoder.
        tokenizer: of the model.
        generate_kwargs: those named by `can_generate`; values as in `generate`, defaults as in OpenAI's Whisper.
        timestamps: False, True or "word".
        languages: the token of the language of each file (`SoundFile.key`) that has begun and not ended, where a call
            decodes in several batches.

    Raises:
        InputError: a language or task that the model does not know.
    """

    def __init__(
        self,
        model: WhisperATForConditionalGeneration,
        tokenizer: PreTrainedTokenizerBase,
        generate_kwargs: Mapping[str, Any],
        timestamps: bool | str,
        languages: dict[str, int | None] | None = None,
    ):
        self.model = model
        self.languages = {} if languages is None else languages
        self.by_word = timestamps == "word"
        options = {name: generate_kwargs[name] for name in _CHECKS if name in generate_kwargs}
        temperature = generate_kwargs.get("temperature")
        if temperature is not None:
            options["temperature"] = tuple(temperature) if isinstance(temperature, list | tuple) else (temperature,)
        self.decoder = WindowDecoder(model, tokenizer, DecodingOptions(timestamps=bool(timestamps), **options))
        self.config = model.generation_config
        self.language_id = self._token("lang_to_id", _language_token(generate_kwargs.get("language")))
        task = generate_kwargs.get("task") or getattr(self.config, "task", None) or "transcribe"
        self.task_id = self._token("task_to_id", task)

    @torch.inference_mode()
    def generate(self, windows: Sequence[Window], pool: bool) -> list[WindowResult]:
        """Text of whole windows, and their pooled states if `pool`.

        Windows whose text is cut off before their sound ends are decoded again from there, see `decode_with_tails`.

        Args:
            windows: of any files, those of one file in order; `input_features` `(1, num_mel_bins, 3000)`.
        """
        with LinearByOneDNN():
            results = decode_with_tails(windows, self.decode, pool, self.decoder.rules.first_timestamp)
        for window in windows:
            if window.is_last:
                self.languages.pop(window.file.key, None)
        return results

    @torch.inference_mode()
    def decode(self, windows: Sequence[Window], pool: bool) -> list[WindowResult]:
        """As `generate`, but each window once: results of one piece, which may be cut off."""
        states, pooled = self._encode(windows, pool)
        languages = self._languages(windows, states)
        prompts = [self._prompt(language) for language in languages]
        # Where a window is loudest: the same sound has the same text whenever it is heard, and others have others.
        seeds = [int(window.input_features.argmax()) for window in windows]
        decoded = self.decoder.decode(states, prompts, [window.num_positions for window in windows], seeds)
        results = []
        for index, (window, text) in enumerate(zip(windows, decoded, strict=True)):
            tokens = [] if window.is_silent else text.tokens
            piece = Piece(torch.tensor([tokens], dtype=torch.long), is_cut_off=text.is_cut_off)
            if self.by_word:
                row = states[index : index + 1]
                piece.token_timestamps = word_times(self.model, row, prompts[index], tokens, window.num_positions)
            results.append(WindowResult.of(window, pieces=[piece], pooled=pooled[index], language_id=languages[index]))
        return results

    def _encode(self, windows: Sequence[Window], pool: bool) -> tuple[torch.Tensor, list[list[PooledWindow]]]:
        features = torch.cat([window.input_features for window in windows])
        size = encoder_batch_size(self.model, features.shape[-1])
        states, pooled = [], []
        for start in range(0, len(windows), size):
            batch = features[start : start + size].to(self.model.device, self.model.dtype)
            spans = [window.span for window in windows[start : start + size]] if pool else None
            encoded, found = encode_windows(self.model, batch, spans)
            states.append(encoded)
            pooled += found
        return torch.cat(states), pooled

    def _languages(self, windows: Sequence[Window], states: torch.Tensor) -> list[int | None]:
        """The language of each window's file: as given, as found in an earlier one, or that of its first window."""
        if self.language_id is not None:
            return [self.language_id] * len(windows)
        first = {window.file.key: index for index, window in reversed(list(enumerate(windows)))}
        new = {key: index for key, index in first.items() if key not in self.languages}
        if new:
            found = self.decoder.detect_languages(states[list(new.values())])
            self.languages.update(zip(new, found, strict=True))
        return [self.languages[window.file.key] for window in windows]

    def _prompt(self, language: int | None) -> list[int]:
        prompt = [self.config.decoder_start_token_id]
        if language is not None:
            prompt += [language, self.task_id]
        if not self.decoder.options.timestamps:
            prompt.append(self.config.no_timestamps_token_id)
        return prompt

    def _token(self, table: str, name: str | None) -> int | None:
        tokens = getattr(self.config, table, None)
        if name is None or (not tokens and name in _ENGLISH_ONLY):
            return None
        if not tokens:
            raise InputError(f"The model knows English only: {name.strip('<|>')!r} needs a multilingual one.")
        if name not in tokens:
            raise InputError(f"The model does not know {name.strip('<|>')!r}; use one of {_known(tokens)}.")
        return tokens[name]


def can_generate(generate_kwargs: Mapping[str, Any]) -> bool:
    """Whether `WindowGenerator` does all that these arguments of `generate` ask for."""
    known = {"language", "task", "temperature", *_CHECKS}
    same_as_default = {"num_beams": 1, "do_sample": False, "condition_on_prev_tokens": False, "return_dict": True}
    return all(
        name in known or value is None or (name in same_as_default and value == same_as_default[name])
        for name, value in generate_kwargs.items()
    )


def encoder_batch_size(model: torch.nn.Module, frames: int) -> int:
    """Rows of `frames` mel frames (10 ms) in one encoder pass.

    On a CPU two windows of 30 s, or as much in shorter ones: more take more memory and no less time. Elsewhere all.
    """
    full = model.config.max_source_positions * FRAMES_PER_POSITION
    return max(1, 2 * full // frames) if model.device.type == "cpu" else sys.maxsize


def encode_windows(
    model: WhisperATForConditionalGeneration, features: torch.Tensor, spans: Sequence[Span] | None
) -> tuple[torch.Tensor, list[list[PooledWindow]]]:
    """One encoder pass.

    Args:
        features: `(rows, num_mel_bins, 3000)`.
        spans: where the rows lie in their files; None to pool nothing.

    Returns:
        The last hidden state `(rows, positions, width)`, and each row's pooled states on the grid of its file, on the
        CPU.
    """
    outputs = model.model.encoder(features, spans=spans)
    if spans is None:
        return outputs.last_hidden_state, [[] for _ in features]
    size = model.config.pooling_size
    pooled = outputs.pooled_states.cpu()
    return outputs.last_hidden_state, [[(span.origin // size, row)] for span, row in zip(spans, pooled, strict=True)]


def _language_token(language: str | None) -> str | None:
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    if language is None:
        return None
    if not isinstance(language, str):
        raise InputError(f"language={language!r} is not the name of a language; use one such as 'en' for all files.")
    name = language.lower().strip("<|>")
    return f"<|{TO_LANGUAGE_CODE.get(name, name)}|>"


def _known(tokens: Mapping[str, int]) -> str:
    return ", ".join(sorted(name.strip("<|>") for name in tokens))
