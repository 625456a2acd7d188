"""From log-mel windows to tokens and pooled states, all windows of a batch together, without `generate`."""

import sys
from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from ..errors import InputError
from ..model.modeling_whisper_at import WhisperATForConditionalGeneration
from ..model.onednn import LinearByOneDNN
from ..model.timeline import FRAMES_PER_POSITION, PooledWindow, Span
from .fallback import DecodingOptions, WindowDecoder
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

    Raises:
        InputError: a language or task that the model does not know.
    """

    def __init__(
        self,
        model: WhisperATForConditionalGeneration,
        tokenizer: PreTrainedTokenizerBase,
        generate_kwargs: Mapping[str, Any],
        timestamps: bool | str,
    ):
        self.model = model
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
    def generate(self, rows: list[dict], pool: bool) -> list[dict]:
        """Decode windows.

        Args:
            rows: as `window_row` makes them: `input_features` `(1, num_mel_bins, 3000)`, the `span` in the file, the
                `file` itself, `num_positions` that hold sound, and `is_silent`.
            pool: whether to collect pooled states too.

        Returns:
            For each row `tokens` `(1, count)` without prompt and end token, `is_cut_off` if there was no end token,
            `token_timestamps` by word only, `windows` for `merge_windows` and `language_id`.
        """
        with LinearByOneDNN():
            return self._generate(rows, pool)

    def _generate(self, rows: list[dict], pool: bool) -> list[dict]:
        states, windows = self._encode(rows, pool)
        languages = self._languages(rows, states)
        prompts = [self._prompt(language) for language in languages]
        decoded = self.decoder.decode(states, prompts, [row["num_positions"] for row in rows])
        outputs = []
        for index, (row, result) in enumerate(zip(rows, decoded, strict=True)):
            if row["is_silent"]:
                result.tokens = []
            output = {"tokens": torch.tensor([result.tokens], dtype=torch.long), "is_cut_off": result.is_cut_off}
            output["windows"], output["language_id"] = windows[index], languages[index]
            if self.by_word:
                positions = row["num_positions"]
                times = word_times(self.model, states[index : index + 1], prompts[index], result.tokens, positions)
                output["token_timestamps"] = [times]
            outputs.append(output)
        return outputs

    def _encode(self, rows: list[dict], pool: bool) -> tuple[torch.Tensor, list[list[PooledWindow]]]:
        features = torch.cat([row["input_features"] for row in rows])
        size = encoder_batch_size(self.model, features.shape[-1])
        states, windows = [], []
        for start in range(0, len(rows), size):
            batch = features[start : start + size].to(self.model.device, self.model.dtype)
            spans = [row["span"] for row in rows[start : start + size]] if pool else None
            encoded, pooled = encode_windows(self.model, batch, spans)
            states.append(encoded)
            windows += pooled
        return torch.cat(states), windows

    def _languages(self, rows: list[dict], states: torch.Tensor) -> list[int | None]:
        """The language of each row's file: as given, as found in an earlier window, or that of its first window."""
        first = {id(row["file"]): index for index, row in reversed(list(enumerate(rows)))}
        if self.language_id is None:
            new = [index for index in first.values() if rows[index]["file"].language_id is None]
            found = self.decoder.detect_languages(states[new]) if new else []
            for index, language in zip(new, found, strict=True):
                rows[index]["file"].language_id = language
        return [self.language_id or row["file"].language_id for row in rows]

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
            raise InputError(f"The model knows English only, not {name.strip('<|>')!r}; use a multilingual one.")
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
    model: WhisperATForConditionalGeneration, features: torch.Tensor, spans: list[Span] | None
) -> tuple[torch.Tensor, list[list[PooledWindow]]]:
    """One encoder pass.

    Args:
        features: `(rows, num_mel_bins, 3000)`.
        spans: where the rows lie in their files; None to pool nothing.

    Returns:
        The last hidden state `(rows, positions, width)`, and each row's pooled states on the grid of its file.
    """
    with model.record_timeline(spans or len(features), pool=spans is not None) as recorder:
        recorder.expect_start()
        return model.model.encoder(features).last_hidden_state, recorder.windows


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
