"""The task "whisper-at": transformers' speech recognition pipeline that also says what else was heard."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import AutomaticSpeechRecognitionPipeline, WhisperProcessor
from transformers.pipelines.pt_utils import PipelineChunkIterator, PipelineIterator, PipelinePackIterator

from ..audio.load import load_audio
from ..audio.windows import cut_at_pauses
from ..decoding.window import Piece, SoundFile, Window, WindowResult
from ..errors import InputError
from ..events.options import event_options
from ..model.configuration_whisper_at import POSITIONS_PER_SECOND, WhisperATConfig
from .call_checks import check_batch_size, check_batching, check_call, check_names
from .engine import WindowEngine, decodes_alone
from .event_request import EventRequest
from .file_windows import strided_windows, window_at_pauses, windows_side_by_side
from .heard import HEARING_NAMES, Heard, split_parameters
from .inputs import as_pipeline_input
from .options import BATCHED, DEFAULT_BATCH_SIZE, NAME_LISTS, SEQUENTIAL, as_list, check_mode
from .results import join_parts, without_chunks
from .streaming import stream

# Parameters of the forward pass that are not for `generate`.
_FORWARD_NAMES = {
    *("return_text", "return_tags", "return_language", "return_timestamps", "mode", "languages"),
    *EventRequest.names(),
}


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
    _load_tokenizer = None  # if there is one: a model for tags alone needs none

    def __init__(self, model, *args, **kwargs):
        if not isinstance(model.config, WhisperATConfig):
            raise InputError(
                f"The model is a {type(model).__name__} without tagging heads; "
                "put a head on it with WhisperATForConditionalGeneration.from_whisper(path, head=...)."
            )
        super().__init__(model, *args, **kwargs)
        if model.can_generate() and self.tokenizer is None:
            raise InputError(
                "No tokenizer was found with the model; save its processor beside it, or pass tokenizer=."
            )

    def __call__(self, inputs: Any, **kwargs: Any) -> dict | list[dict] | Iterator[dict]:
        """Transcribe and tag.

        Args:
            inputs: a path, URL, bytes of a media file, array at 16 kHz, `{"raw" or "array", "sampling_rate"}`; or a
                list, generator or dataset of those (a `datasets` dataset with an audio column included).
            return_text: False for tags only; the decoder never runs and the result has no `text`.
            return_tags: False for text only.
            mode: how text is decoded, see docs/pipeline.md. "batched": files are cut at pauses into windows of up to
                30 s, decoded `batch_size` (default 16) at a time, greedily with OpenAI's temperature fallback.
                "sequential": transformers' `generate` and its long-form, with the text that it gives (and, unless
                `num_beams=1`, its pipeline's default of five beams). By default batched, but sequential where
                `generate_kwargs` or `chunk_length_s` ask for what only `generate` does: beams, prompts, ...
            at_time_res: seconds a tag window, a multiple of 0.4 (default 10.0).
            at_hop: seconds from the start of one tag window to the next, a multiple of 0.4 (default `at_time_res`);
                less makes windows overlap.
            top_k: at most this many tags a window (default 5); None for all above the threshold.
            threshold: score from which a tag counts: a number, `{label: number}` for some labels, or None for the
                thresholds fitted with the head (else 0.25).
            labels: only tags and events of these names, and of those below them in AudioSet's ontology ("Animal"),
                filtered before `top_k`.
            heads: name or names of heads; adds `tags_by_head`.
            return_logits: adds `tag_logits`, `(windows, labels)` float32 (with `heads`, `tag_logits_by_head` too).
            groups: adds to each tag window the scores of these groups of AudioSet's ontology ("Human sounds", ...).
            return_events: adds `audio_events`, and `tags` to each chunk (with `heads`, `events_by_head` too).
            event_options: "music", "alarms", "human sounds", or a dict of fields of `events.EventOptions`.
            return_event_scores: adds `event_scores`, what events are made of: every label's score every 0.4 s.
            speech_gate: True, or the score below which no voice is heard, to drop text that Whisper made up there.
            kwargs: all that the stock pipeline takes: `return_timestamps` (True or "word"), `generate_kwargs`,
                `chunk_length_s`, `stride_length_s`, `return_language`, `batch_size`, ...

        Returns:
            `{"text", "language", "chunks": [{"text", "timestamp"}], "audio_tags": [{"timestamp": (start, end), "tags":
            [{"label", "score"}]}], "audio_events": [{"label", "timestamp", "score"}]}`; times in seconds from the
            start of the file, scores are probabilities, `chunks` with timestamps only. A list for a list, an iterator
            for a generator or dataset.

        Raises:
            InputError: unusable audio or a bad parameter, in one sentence.
        """
        inputs = as_pipeline_input(inputs)
        if isinstance(inputs, list) and not inputs:
            return []
        check_batching(kwargs)
        kwargs["mode"] = self._mode(kwargs)
        if kwargs["mode"] == BATCHED and self._batch_size is None:
            kwargs.setdefault("batch_size", DEFAULT_BATCH_SIZE)
        return super().__call__(inputs, **kwargs)

    def _mode(self, call_kwargs: dict) -> str:
        """The mode asked for; without one, batched unless something is asked for that only `generate` can do."""
        # What is to be heard has no say, and an iterator among them would be empty the second time.
        others = {"batch_size", "num_workers", *HEARING_NAMES}
        parameters = {name: value for name, value in call_kwargs.items() if name not in others}
        preprocess, forward, _ = self._merged_parameters(**parameters)
        if "mode" in forward:
            return forward["mode"]
        if not forward.get("return_text", True):
            return BATCHED
        generate_kwargs = {name: value for name, value in forward.items() if name not in _FORWARD_NAMES}
        is_plain = decodes_alone(self, generate_kwargs) and not preprocess.get("chunk_length_s")
        return BATCHED if is_plain else SEQUENTIAL

    def _merged_parameters(self, **kwargs) -> list[dict]:
        """Parameters of the three steps: those of `pipeline(...)`, and on top of them those of a call."""
        check_call(self.model, kwargs)
        given = self._sanitize_parameters(**kwargs)
        defaults = (self._preprocess_params, self._forward_params, self._postprocess_params)
        merged = [{**default, **value} for default, value in zip(defaults, given, strict=True)]
        if "mode" in merged[0]:
            check_mode(merged[0]["mode"], merged[0].get("chunk_length_s"))
        return merged

    def check(self, **parameters: Any) -> None:
        """Raise InputError for a bad parameter of a call, before any audio is read."""
        check_batching(parameters)
        steps = {name: value for name, value in parameters.items() if name not in ("batch_size", "num_workers")}
        self._merged_parameters(**steps)

    def stream(self, source: Any, batch_size: int = 1, **kwargs: Any) -> Iterator[dict]:
        """Transcribe and tag sound while it comes, in memory that does not grow with its length.

        Args:
            source: a path, URL or bytes; a binary file object such as `sys.stdin.buffer`, or a named pipe; an array;
                an iterable of arrays at 16 kHz, or over `{"raw", "sampling_rate"}`, such as a microphone's.
            batch_size: windows of up to 30 s to wait for and decode together; more are faster, and later.
            kwargs: those of the call in batched mode.

        Yields:
            For each window `{"timestamp": (start, end), "text", "language", "chunks", "audio_tags"}`, as in the call;
            `audio_tags` has the tag windows that are complete by then, and may be empty.

        Raises:
            InputError: a bad parameter, at once; unusable sound, after what came before has been yielded.
        """
        if "mode" in kwargs:
            check_mode(kwargs["mode"])
        check_batch_size(batch_size)
        return stream(self, source, batch_size, *self._merged_parameters(**{**kwargs, "mode": BATCHED}))

    def _sanitize_parameters(self, return_text=None, return_tags=None, mode=None, **kwargs):
        if not hasattr(self, "_forward_params"):  # those of `pipeline(...)`; `check_call` has seen those of calls
            check_names(self.model, kwargs)
        hearing = {name: kwargs.pop(name) for name in HEARING_NAMES if name in kwargs}
        # Checked and then used: an iterator would be empty the second time.
        hearing.update({name: as_list(name, hearing[name]) for name in NAME_LISTS if name in hearing})
        if hearing.get("event_options") is not None:
            hearing["event_options"] = event_options(hearing["event_options"])
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
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
        self._check_hearing(return_tags, hearing)
        for name, value in (("return_text", return_text), ("return_tags", return_tags)):
            if value is not None:
                forward[name] = postprocess[name] = value
        if return_text is not None:
            preprocess["return_text"] = return_text
        forward["languages"] = {}  # what this call finds, batch by batch
        forward.update({name: value for name, value in hearing.items() if name in EventRequest.names()})
        return preprocess, forward, {**postprocess, **hearing}

    def _check_hearing(self, return_tags: bool | None, given: dict) -> None:
        """Refuse bad parameters of a call about sounds before any audio is read; those of `pipeline(...)` at once."""
        earlier = getattr(self, "_postprocess_params", None)
        if return_tags is None:
            return_tags = (earlier or {}).get("return_tags", True)
        if given or earlier is not None:
            tags, events = split_parameters({**(earlier or {}), **given})
            events.check(self.model, tags)
            if return_tags or events.needs_scores:
                tags.check(self.model)

    def preprocess(self, inputs, chunk_length_s=0, stride_length_s=None, return_text=True, mode=None):
        """The windows of a file, see `decoding.window`; the parameters are those of the call."""
        audio = load_audio(inputs, self.feature_extractor.sampling_rate)
        file = SoundFile(len(audio))
        for window in self._windows(audio, file, chunk_length_s, stride_length_s, return_text, mode):
            yield {"is_last": window.is_last, "window": window}

    def _windows(
        self, audio: np.ndarray, file: SoundFile, chunk_length_s, stride_length_s, return_text: bool, mode: str | None
    ) -> Iterable[Window]:
        extractor = self.feature_extractor
        if not return_text:
            return windows_side_by_side(extractor, audio, file, self.model.tag_window_frames, self.dtype)
        if mode == BATCHED:
            parts = cut_at_pauses([audio], extractor.sampling_rate, extractor.chunk_length)
            frames = extractor.nb_max_frames
            return (window_at_pauses(extractor, part, file, frames, self.dtype) for part in parts)
        if chunk_length_s or len(audio) > extractor.n_samples:
            items = super().preprocess(audio, chunk_length_s=chunk_length_s, stride_length_s=stride_length_s)
            return strided_windows(items, file, extractor.sampling_rate)
        return windows_side_by_side(extractor, audio, file, extractor.nb_max_frames, self.dtype)

    def _forward(self, model_inputs, return_language=None, **parameters):
        # One window as `preprocess` gave it, or with a batch size several: `get_iterator` decides.
        windows = model_inputs["window"]
        is_batch = isinstance(windows, list)
        results = self.engine(parameters).run(windows if is_batch else [windows])
        return {"is_last": model_inputs["is_last"], "result": results if is_batch else results[0]}

    def engine(self, parameters: Mapping[str, Any]) -> WindowEngine:
        """What says what is in windows, as the parameters of the forward pass ask for it."""
        _, request = split_parameters(parameters)
        ours = {name: value for name, value in parameters.items() if name not in EventRequest.names()}
        if request.needs_scores:
            ours["return_tags"] = True
        if request.gate is not None:
            ours["return_timestamps"] = ours.get("return_timestamps") or True
        return WindowEngine(self, **ours)

    def get_iterator(self, inputs, num_workers, batch_size, preprocess_params, forward_params, postprocess_params):
        """As in transformers, but what puts windows together can be pickled: workers may be spawned, not forked."""
        if num_workers > 1:
            warnings.warn("The windows of a file come in order: num_workers=1 is as many as can help.", stacklevel=3)
        windows = PipelineChunkIterator(inputs, self.preprocess, preprocess_params)
        collate = _only if batch_size == 1 else _in_lists
        loader = DataLoader(windows, num_workers=min(num_workers, 1), batch_size=batch_size, collate_fn=collate)
        results = PipelinePackIterator(_InOurWords(loader), self.forward, forward_params, loader_batch_size=batch_size)
        return PipelineIterator(results, self.postprocess, postprocess_params)

    def generate_by_transformers(
        self, inputs: dict[str, Any], return_timestamps: bool | str, generate_kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The stock pipeline's own forward pass, which calls `generate`; gives `tokens` and maybe `token_timestamps`.

        Args:
            inputs: `input_features` `(rows, num_mel_bins, frames)`, `attention_mask` `(rows, frames)` and `is_last`.
        """
        return super()._forward(inputs, return_timestamps=return_timestamps, **generate_kwargs)

    def postprocess(
        self,
        model_outputs,
        return_text=True,
        return_tags=True,
        return_timestamps=None,
        return_language=None,
        decoder_kwargs=None,
        **hearing,
    ):
        """The result of a file from those of its windows; the parameters are those of the call."""
        results = [output["result"] for output in model_outputs]
        heard = Heard(self.model, self.feature_extractor, return_tags, hearing)
        text = {}
        if return_text:
            timestamps = heard.timestamps(return_timestamps)
            text = self.join_text(results, timestamps, return_language, decoder_kwargs)
        found = heard.finish(results, results[0].file.num_samples, text)
        return found if return_timestamps or return_language else without_chunks(found)

    def join_text(
        self, results: Sequence[WindowResult], return_timestamps=None, return_language=None, decoder_kwargs=None
    ) -> dict[str, Any]:
        """`text`, `language` and maybe `chunks` of windows that follow each other."""
        spell = super().postprocess

        def stock(spoken: list[dict]) -> dict[str, Any]:
            return spell(spoken, decoder_kwargs, return_timestamps, return_language)

        if results[0].bounds is None:  # the stock pipeline knows how to join what overlaps
            text = stock([_spoken(result, piece, return_language) for result in results for piece in result.pieces])
        else:
            text = join_parts(
                (
                    result.bounds[0] + piece.position / POSITIONS_PER_SECOND,
                    result.bounds[1],
                    stock([_spoken(result, piece, return_language)]),
                )
                for result in results
                for piece in result.pieces
            )
        return {"text": text["text"], "language": self._language(results[0].language_id), **text}

    def _language(self, language_id: int | None) -> str | None:
        """The code ("en") of a language token; English-only models have none and speak English."""
        generation_config = self.model.generation_config
        codes = getattr(generation_config, "lang_to_id", None) or {}
        for token, token_id in codes.items():
            if token_id == language_id:
                return token.strip("<|>")
        return None if getattr(generation_config, "is_multilingual", False) else "en"

    def save_pretrained(self, save_directory: str | PathLike, **kwargs: Any) -> None:
        """Write model and processor to a folder that `pipeline("whisper-at", model=folder)` loads again.

        Unlike the stock method it names no pipeline code in the config: that would ask for `trust_remote_code`.
        """
        self.model.save_pretrained(save_directory, **kwargs)
        if self.tokenizer is None:
            self.feature_extractor.save_pretrained(save_directory)
        else:
            WhisperProcessor(self.feature_extractor, self.tokenizer).save_pretrained(save_directory)


def _spoken(result: WindowResult, piece: Piece, return_language: bool | None) -> dict[str, Any]:
    """A piece as the stock pipeline's forward pass gives it."""
    spoken: dict[str, Any] = {"tokens": piece.tokens}
    if piece.token_timestamps is not None:
        spoken["token_timestamps"] = [piece.token_timestamps]
    if result.stride is not None:
        spoken["stride"] = result.stride
    if return_language and result.language_id is not None:
        spoken["lang_id"] = torch.tensor([result.language_id])
    return spoken


class _InOurWords:
    """What a data loader gives. Errors of its workers are as raised there, without the worker's traceback."""

    def __init__(self, loader: DataLoader):
        self._loader = loader

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._loader
        except InputError as error:
            # torch raises the same type again, with the whole traceback as its message; ours are one line.
            raise InputError(str(error).strip().rpartition("InputError: ")[2]) from None


def _only(items: list[dict]) -> dict:
    return items[0]


def _in_lists(items: list[dict]) -> dict[str, list]:
    return {name: [item[name] for item in items] for name in items[0]}
