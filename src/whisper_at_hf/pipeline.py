"""The task "whisper-at": transformers' speech recognition pipeline that also says what else was heard."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from os import PathLike
from typing import Any

import torch
from transformers import AutomaticSpeechRecognitionPipeline, WhisperProcessor

from .audio import load_audio
from .configuration_whisper_at import POSITIONS_PER_SECOND, WhisperATConfig
from .errors import InputError
from .pipeline_inputs import as_pipeline_input
from .tag_options import TagOptions, as_list
from .timeline import FRAMES_PER_POSITION, Span, merge_windows


class WhisperATPipeline(AutomaticSpeechRecognitionPipeline):
    """Text and sound tags of audio, from one encoder pass.

    Example:

    ```python
    >>> import whisper_at_hf
    >>> from transformers import pipeline

    >>> pipe = pipeline("whisper-at", model="path-or-id")
    >>> pipe("meeting.mp3", return_timestamps=True, at_time_res=10.0, top_k=3)
    {"text": ..., "language": "en", "chunks": [...], "audio_tags": [{"timestamp": (0.0, 10.0), "tags": [...]}, ...]}
    ```
    """

    # transformers would take a `top_k` given to `pipeline(...)` for the sampling parameter of `generate`.
    _non_generation_params = ("top_k",)

    def __init__(self, model, *args, **kwargs):
        if not isinstance(model.config, WhisperATConfig):
            raise InputError(
                f"The model is a {type(model).__name__} without tagging heads; "
                "put a head on it with WhisperATForConditionalGeneration.from_whisper(path, head=...)."
            )
        self._attention_lock = threading.Lock()
        super().__init__(model, *args, **kwargs)

    def __call__(self, inputs: Any, **kwargs: Any) -> dict | list[dict] | Iterator[dict]:
        """Transcribe and tag.

        Args:
            inputs: a path, URL, bytes of a media file, array at 16 kHz, `{"raw" or "array", "sampling_rate"}`; or a
                list, generator or dataset of those (a `datasets` dataset with an audio column included).
            return_text: False for tags only; the decoder never runs and the result has no `text`.
            return_tags: False for text only.
            at_time_res: seconds a tag window, a multiple of 0.4 (default 10.0).
            top_k: at most this many tags a window (default 5); None for all above the threshold.
            threshold: score from which a tag counts: a number, `{label: number}` for some labels, or None for the
                thresholds fitted with the head (else 0.25).
            labels: only tags of these names, filtered before `top_k`.
            heads: name or names of heads; adds `tags_by_head`.
            return_logits: adds `tag_logits`, `(windows, labels)` float32 (with `heads`, `tag_logits_by_head` too).
            kwargs: all that the stock pipeline takes: `return_timestamps` (True or "word"), `generate_kwargs`,
                `chunk_length_s`, `stride_length_s`, `return_language`, `batch_size`, ...

        Returns:
            `{"text", "language", "chunks": [{"text", "timestamp"}], "audio_tags": [{"timestamp": (start, end), "tags":
            [{"label", "score"}]}]}`; times in seconds from the start of the file, scores are probabilities, `chunks`
            with timestamps only. A list for a list, an iterator for a generator or dataset.

        Raises:
            InputError: unusable audio or a bad parameter, in one sentence.
        """
        inputs = as_pipeline_input(inputs)
        if isinstance(inputs, list) and not inputs:
            return []
        return super().__call__(inputs, **kwargs)

    def _sanitize_parameters(self, return_text=None, return_tags=None, **kwargs):
        tag_params = {name: kwargs.pop(name) for name in TagOptions.names() if name in kwargs}
        # Checked and then used: an iterator would be empty the second time.
        tag_params.update(
            {name: as_list(name, tag_params[name]) for name in ("labels", "heads") if name in tag_params}
        )
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
        if kwargs.get("return_timestamps") not in (None, True, False, "word"):
            raise InputError(
                f"return_timestamps={kwargs['return_timestamps']!r} is unknown; use True, False or 'word'."
            )
        if return_text is None and not self.model.can_generate():
            return_text = False
        if return_text and not self.model.can_generate():
            raise InputError(f"return_text=True needs a decoder, which {type(self.model).__name__} does not have.")
        if (preprocess.get("chunk_length_s") or 0) > self.feature_extractor.chunk_length:
            raise InputError(
                f"chunk_length_s={preprocess['chunk_length_s']:g} does not fit Whisper's window; "
                f"use at most {self.feature_extractor.chunk_length} s."
            )
        self._check_tag_options(return_tags, tag_params)
        for name, value in (("return_text", return_text), ("return_tags", return_tags)):
            if value is not None:
                forward[name] = postprocess[name] = value
        if return_text is not None:
            preprocess["return_text"] = return_text
        return preprocess, forward, {**postprocess, **tag_params}

    def _check_tag_options(self, return_tags: bool | None, given: dict) -> None:
        """Refuse bad tag parameters of a call before any audio is read; those of `pipeline(...)` at once."""
        earlier = getattr(self, "_postprocess_params", None)
        if return_tags is None:
            return_tags = (earlier or {}).get("return_tags", True)
        if return_tags and (given or earlier is not None):
            defaults = {name: value for name, value in (earlier or {}).items() if name in TagOptions.names()}
            TagOptions(**{**defaults, **given}).check(self.model)

    def preprocess(self, inputs, chunk_length_s=0, stride_length_s=None, return_text=True):
        audio = load_audio(inputs, self.feature_extractor.sampling_rate)
        clip = {
            "num_frames": len(audio) // self.feature_extractor.hop_length,
            "duration": len(audio) / self.feature_extractor.sampling_rate,
        }
        if return_text and (chunk_length_s or len(audio) > self.feature_extractor.n_samples):
            items = super().preprocess(audio, chunk_length_s=chunk_length_s, stride_length_s=stride_length_s)
        else:
            items = self._windows(audio)
        kept_until = 0
        for item in items:
            is_last = item.pop("is_last")
            if "stride" in item:
                span, kept_until = self._span(item["stride"], kept_until)
            else:
                span = Span(round(item.pop("origin", 0) * POSITIONS_PER_SECOND / self.feature_extractor.sampling_rate))
            # Wrapped in a list, rows of different lengths pass transformers' collation untouched.
            yield {"is_last": is_last, "rows": [{**item, **clip, "span": span}]}

    def _windows(self, audio):
        """Log-mel frames of the file in 30 s windows side by side, the last one padded with silence.

        One frame more than needed is computed: the extractor mirrors the audio at the end of what it gets, where
        OpenAI's Whisper, and so the original Whisper-AT, goes on with silence.
        """
        extractor = self.feature_extractor
        count = -(-len(audio) // extractor.n_samples)
        features = extractor(
            audio,
            sampling_rate=extractor.sampling_rate,
            padding="max_length",
            max_length=count * extractor.n_samples + extractor.hop_length,
            return_attention_mask=True,
            return_tensors="pt",
        )
        if self.dtype is not None:
            features = features.to(dtype=self.dtype)
        for index in range(count):
            window = slice(index * extractor.nb_max_frames, (index + 1) * extractor.nb_max_frames)
            yield {
                "is_last": index == count - 1,
                "input_features": features["input_features"][..., window],
                "attention_mask": features["attention_mask"][..., window],
                "origin": index * extractor.n_samples,
            }

    def _span(self, stride: tuple[int, int, int], kept_until: int) -> tuple[Span, int]:
        """Where a chunk lies in its file; `kept_until` is the sample up to which the chunks before it count."""
        length, left, right = stride
        per_position = self.feature_extractor.sampling_rate / POSITIONS_PER_SECOND
        origin, kept = kept_until - left, kept_until - left + length - right
        begin, end = (round(sample / per_position) for sample in (kept_until, kept))
        # Nothing follows the last row, so that it may count up to the end of its window.
        return Span(round(origin / per_position), begin, end if right else None), kept

    def _forward(self, model_inputs, return_text=True, return_tags=True, return_language=None, **kwargs):
        batched = isinstance(model_inputs["is_last"], list)
        rows = [row for rows in model_inputs["rows"] for row in rows] if batched else model_inputs["rows"]
        if not return_text:
            outputs = self._encode_rows(rows)
        else:
            outputs = self._generate_rows(rows, return_tags, **kwargs)
        if return_language:
            for output in outputs:
                if output["language_id"] is not None:
                    output["lang_id"] = torch.tensor([output["language_id"]])
        for row, output in zip(rows, outputs, strict=True):
            output.update({name: row[name] for name in ("num_frames", "duration")})
        return {"is_last": model_inputs["is_last"], "rows": [[output] for output in outputs] if batched else outputs}

    def _encode_rows(self, rows: list[dict]) -> list[dict]:
        states = self.model.get_pooled_states(torch.cat([row["input_features"] for row in rows]))
        size = self.model.config.pooling_size
        return [
            {"windows": [(row["span"].origin // size, pooled)], "language_id": None}
            for row, pooled in zip(rows, states, strict=True)
        ]

    def _generate_rows(self, rows: list[dict], return_tags: bool, return_timestamps=False, **kwargs) -> list[dict]:
        """Text (and pooled states) of all rows; those of up to 30 s and longer ones in a `generate` call each.

        In one call, transformers would decode the short ones as long-form too, with other words as the result.
        """
        limit = self.feature_extractor.nb_max_frames
        outputs: dict[int, dict] = {}
        for is_long in (False, True):
            group = [index for index, row in enumerate(rows) if (row["input_features"].shape[-1] > limit) == is_long]
            if group:
                # Long-form decoding needs timestamps, whether or not the caller wants to see them.
                timestamps = return_timestamps or is_long
                results = self._generate_group([rows[i] for i in group], return_tags, timestamps, kwargs)
                outputs.update(zip(group, results, strict=True))
        return [outputs[index] for index in range(len(rows))]

    def _generate_group(self, rows: list[dict], return_tags: bool, return_timestamps, kwargs: dict) -> list[dict]:
        longest = max(row["input_features"].shape[-1] for row in rows)
        inputs = {"is_last": True}
        for name in ("input_features", "attention_mask"):
            padded = [torch.nn.functional.pad(row[name], (0, longest - row[name].shape[-1])) for row in rows]
            inputs[name] = torch.cat(padded)
        by_word = return_timestamps == "word"
        with (
            self.model.record_timeline([row["span"] for row in rows], pool=return_tags) as recorder,
            self._attention_kept() if by_word else nullcontext(),
        ):
            generated = super()._forward(inputs, return_timestamps=return_timestamps, **kwargs)
        outputs = []
        for index, row in enumerate(rows):
            output = {"tokens": generated["tokens"][index : index + 1], "windows": recorder.windows[index]}
            if "token_timestamps" in generated:
                output["token_timestamps"] = [generated["token_timestamps"][index]]
            if "stride" in row:
                output["stride"] = row["stride"]
            output["language_id"] = recorder.language_ids[index]
            outputs.append(output)
        return outputs

    @contextmanager
    def _attention_kept(self):
        """Word timestamps make `generate` switch to eager attention; this switches back, one thread at a time."""
        with self._attention_lock:
            attention = self.model.config._attn_implementation
            try:
                yield
            finally:
                if self.model.config._attn_implementation != attention:
                    self.model.set_attn_implementation(attention)

    def postprocess(
        self,
        model_outputs,
        return_text=True,
        return_tags=True,
        return_timestamps=None,
        return_language=None,
        decoder_kwargs=None,
        **tag_params,
    ):
        rows = [row for output in model_outputs for row in output["rows"]]
        result = {}
        if return_text:
            names = ("tokens", "token_timestamps", "stride", "lang_id")
            spoken = [{name: row[name] for name in names if name in row} for row in rows]
            result = super().postprocess(spoken, decoder_kwargs, return_timestamps, return_language)
            result = {"text": result["text"], "language": self._language(rows[0]["language_id"]), **result}
        if return_tags:
            result.update(self._tags(rows, TagOptions(**tag_params)))
        return result

    def _language(self, language_id: int | None) -> str | None:
        """The code ("en") of a language token; English-only models have none and speak English."""
        generation_config = self.model.generation_config
        codes = getattr(generation_config, "lang_to_id", None) or {}
        for token, token_id in codes.items():
            if token_id == language_id:
                return token.strip("<|>")
        return None if getattr(generation_config, "is_multilingual", False) else "en"

    def _tags(self, rows: list[dict], options: TagOptions) -> dict:
        num_frames = rows[0]["num_frames"]
        frames_per_step = self.model.config.pooling_size * FRAMES_PER_POSITION
        # A short file keeps the steps of the silence that fills its 30 s window, as in the original package.
        num_steps = -(-max(num_frames, self.feature_extractor.nb_max_frames) // frames_per_step)
        states = merge_windows([window for row in rows for window in row["windows"]], num_steps)
        return options.tag(self.model, states, num_frames, rows[0]["duration"])

    def save_pretrained(self, save_directory: str | PathLike, **kwargs: Any) -> None:
        """Write model and processor to a folder that `pipeline("whisper-at", model=folder)` loads again.

        Unlike the stock method it names no pipeline code in the config: that would ask for `trust_remote_code`.
        """
        self.model.save_pretrained(save_directory, **kwargs)
        WhisperProcessor(self.feature_extractor, self.tokenizer).save_pretrained(save_directory)
