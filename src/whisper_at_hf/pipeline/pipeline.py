"""The task "whisper-at": transformers' speech recognition pipeline that also says what else was heard."""

import sys
from collections.abc import Iterator
from os import PathLike
from typing import Any

from transformers import AutomaticSpeechRecognitionPipeline, WhisperProcessor

from ..audio.load import load_audio
from ..audio.log_mel import log_mel_windows
from ..audio.windows import AudioWindow, cut_at_pauses
from ..errors import InputError
from ..model.configuration_whisper_at import POSITIONS_PER_SECOND, WhisperATConfig
from ..model.timeline import FRAMES_PER_POSITION, merge_windows
from .forward import ForwardMixin
from .options import BATCHED, DEFAULT_BATCH_SIZE, SEQUENTIAL, TagOptions, as_list, check_mode
from .results import join_parts
from .rows import FileState, strided_rows, window_row
from .streaming import stream

# Parameters of the forward pass that are not for `generate`.
_FORWARD_NAMES = {"return_text", "return_tags", "return_language", "return_timestamps", "mode"}


class WhisperATPipeline(ForwardMixin, AutomaticSpeechRecognitionPipeline):
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
        super().__init__(model, *args, **kwargs)

    def __call__(self, inputs: Any, **kwargs: Any) -> dict | list[dict] | Iterator[dict]:
        """Transcribe and tag.

        Args:
            inputs: a path, URL, bytes of a media file, array at 16 kHz, `{"raw" or "array", "sampling_rate"}`; or a
                list, generator or dataset of those (a `datasets` dataset with an audio column included).
            return_text: False for tags only; the decoder never runs and the result has no `text`.
            return_tags: False for text only.
            mode: how text is decoded, see the README. "batched": files are cut at pauses into windows of up to 30 s,
                decoded `batch_size` (default 16) at a time, greedily with OpenAI's temperature fallback.
                "sequential": transformers' `generate` and its long-form, with the text that it gives (and, unless
                `num_beams=1`, its pipeline's default of five beams). By default batched, but sequential where
                `generate_kwargs` or `chunk_length_s` ask for what only `generate` does: beams, prompts, ...
            at_time_res: seconds a tag window, a multiple of 0.4 (default 10.0).
            at_hop: seconds from the start of one tag window to the next, a multiple of 0.4 (default `at_time_res`);
                less makes windows overlap.
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
        kwargs["mode"] = self._mode(kwargs)
        if kwargs["mode"] == BATCHED and self._batch_size is None:
            kwargs.setdefault("batch_size", DEFAULT_BATCH_SIZE)
        return super().__call__(inputs, **kwargs)

    def _mode(self, call_kwargs: dict) -> str:
        """The mode asked for; without one, batched unless something is asked for that only `generate` can do."""
        # Tag parameters have no say, and an iterator among them would be empty the second time.
        others = {"batch_size", "num_workers", *TagOptions.names()}
        parameters = {name: value for name, value in call_kwargs.items() if name not in others}
        preprocess, forward, _ = self._merged_parameters(**parameters)
        if "mode" in forward:
            return forward["mode"]
        if not forward.get("return_text", True):
            return BATCHED
        generate_kwargs = {name: value for name, value in forward.items() if name not in _FORWARD_NAMES}
        is_plain = self._can_generate_alone(generate_kwargs) and not preprocess.get("chunk_length_s")
        return BATCHED if is_plain else SEQUENTIAL

    def _merged_parameters(self, **kwargs) -> list[dict]:
        """Parameters of the three steps: those of `pipeline(...)`, and on top of them those of a call."""
        given = self._sanitize_parameters(**kwargs)
        defaults = (self._preprocess_params, self._forward_params, self._postprocess_params)
        merged = [{**default, **value} for default, value in zip(defaults, given, strict=True)]
        if "mode" in merged[0]:
            check_mode(merged[0]["mode"], merged[0].get("chunk_length_s"))
        return merged

    def check(self, **parameters: Any) -> None:
        """Raise InputError for a bad parameter of a call, before any audio is read."""
        steps = {name: value for name, value in parameters.items() if name not in ("batch_size", "num_workers")}
        self._merged_parameters(**steps)

    def stream(self, source: Any, batch_size: int = 1, **kwargs: Any) -> Iterator[dict]:
        """Transcribe and tag sound while it comes, in memory that does not grow with its length.

        Args:
            source: a path, URL or bytes; a binary file object such as `sys.stdin.buffer`, or a named pipe; an array;
                an iterator over arrays at 16 kHz, or over `{"raw", "sampling_rate"}`, such as a microphone's.
            batch_size: windows of up to 30 s to wait for and decode together; more are faster, and later.
            kwargs: those of the call in batched mode.

        Yields:
            For each window `{"timestamp": (start, end), "text", "language", "chunks", "audio_tags"}`, as in the call;
            `audio_tags` has the tag windows that are complete by then, and may be empty.

        Raises:
            InputError: a bad parameter, at once; unusable sound, after what came before has been yielded.
        """
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"batch_size={batch_size!r} is not a number of windows; use a whole number from 1 on.")
        return stream(self, source, batch_size, *self._merged_parameters(**{**kwargs, "mode": BATCHED}))

    def _sanitize_parameters(self, return_text=None, return_tags=None, mode=None, **kwargs):
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
        if mode is not None:
            check_mode(mode)
            preprocess["mode"] = forward["mode"] = mode
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

    def preprocess(self, inputs, chunk_length_s=0, stride_length_s=None, return_text=True, mode=None):
        extractor = self.feature_extractor
        audio = load_audio(inputs, extractor.sampling_rate)
        clip = {
            "num_frames": len(audio) // extractor.hop_length,
            "duration": len(audio) / extractor.sampling_rate,
        }
        if not return_text:
            items = log_mel_windows(extractor, audio, self.model.tag_window_frames, self.dtype)
        elif mode == BATCHED:
            file = FileState()
            windows = cut_at_pauses([audio], extractor.sampling_rate, extractor.chunk_length)
            items = (self.window_row(window, file, extractor.nb_max_frames) for window in windows)
        elif chunk_length_s or len(audio) > extractor.n_samples:
            items = strided_rows(
                super().preprocess(audio, chunk_length_s=chunk_length_s, stride_length_s=stride_length_s),
                extractor.sampling_rate,
            )
        else:
            items = log_mel_windows(extractor, audio, extractor.nb_max_frames, self.dtype)
        for item in items:
            # Wrapped in a list, rows of different lengths pass transformers' collation untouched.
            yield {"is_last": item.pop("is_last"), "rows": [{**item, **clip}]}

    def window_row(self, window: AudioWindow, file: FileState, frames: int) -> dict:
        """What the forward pass needs of one window, as `frames` mel frames (10 ms); `file` is shared by a file's."""
        return window_row(self.feature_extractor, window, file, frames, self.dtype)

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
            if "pieces" in rows[0]:
                result = self._join_pieces(rows, decoder_kwargs, return_timestamps, return_language)
            else:
                spoken = [{name: row[name] for name in names if name in row} for row in rows]
                result = super().postprocess(spoken, decoder_kwargs, return_timestamps, return_language)
            result = {"text": result["text"], "language": self._language(rows[0]["language_id"]), **result}
        if return_tags:
            result.update(self._tags(rows, TagOptions(**tag_params)))
        return result

    def _join_pieces(self, rows: list[dict], decoder_kwargs, return_timestamps, return_language) -> dict:
        parts = []
        for row in rows:
            begin, end = row["bounds"]
            for position, piece in row["pieces"]:
                spoken = {name: piece[name] for name in ("tokens", "token_timestamps") if name in piece}
                if "lang_id" in row:
                    spoken["lang_id"] = row["lang_id"]
                part = super().postprocess([spoken], decoder_kwargs, return_timestamps, return_language)
                parts.append((begin + position / POSITIONS_PER_SECOND, end, part))
        return join_parts(parts)

    def _language(self, language_id: int | None) -> str | None:
        """The code ("en") of a language token; English-only models have none and speak English."""
        generation_config = self.model.generation_config
        codes = getattr(generation_config, "lang_to_id", None) or {}
        for token, token_id in codes.items():
            if token_id == language_id:
                return token.strip("<|>")
        return None if getattr(generation_config, "is_multilingual", False) else "en"

    def count_steps(self, num_frames: int) -> int:
        """Pooled steps (0.4 s) that count in a file of `num_frames` mel frames (10 ms).

        A short file keeps the steps of the silence that fills its 30 s window, as in the original package.
        """
        frames_per_step = self.model.config.pooling_size * FRAMES_PER_POSITION
        return -(-max(num_frames, self.feature_extractor.nb_max_frames) // frames_per_step)

    def _tags(self, rows: list[dict], options: TagOptions) -> dict:
        num_frames = rows[0]["num_frames"]
        windows = [window for row in rows for window in row["windows"]]
        states = merge_windows(windows, self.count_steps(num_frames))
        return options.tag(self.model, states, num_frames, rows[0]["duration"])

    def save_pretrained(self, save_directory: str | PathLike, **kwargs: Any) -> None:
        """Write model and processor to a folder that `pipeline("whisper-at", model=folder)` loads again.

        Unlike the stock method it names no pipeline code in the config: that would ask for `trust_remote_code`.
        """
        self.model.save_pretrained(save_directory, **kwargs)
        WhisperProcessor(self.feature_extractor, self.tokenizer).save_pretrained(save_directory)


def as_pipeline_input(inputs: Any) -> Any:
    """Turn tuples into lists, and `datasets` datasets into a generator over their audio column; leave the rest.

    `datasets` decodes audio with torchcodec, which may be missing; our own decoder reads the file or bytes instead.
    """
    if isinstance(inputs, tuple):
        return list(inputs)
    # A dataset can only come from an imported library, so there is no need to import it here.
    datasets = sys.modules.get("datasets")
    if datasets is not None and isinstance(inputs, (datasets.Dataset, datasets.IterableDataset)):
        return _audio_column(inputs, datasets)
    return inputs


def _audio_column(dataset: Any, datasets: Any) -> Iterator[Any]:
    from ..errors import InputError

    features = dataset.features or {}
    audio = [name for name, feature in features.items() if isinstance(feature, datasets.Audio)]
    column = "audio" if "audio" in features else next(iter(audio), None)
    if column is None:
        raise InputError(
            f"The dataset has no audio column, only {', '.join(features) or 'columns of unknown type'}; "
            "cast one with dataset.cast_column(name, datasets.Audio())."
        )
    if column in audio:
        dataset = dataset.cast_column(column, datasets.Audio(decode=False))
    return (row[column] for row in dataset)
