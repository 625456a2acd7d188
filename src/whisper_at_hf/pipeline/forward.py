"""The pipeline's forward pass: rows of log-mel frames in, tokens and pooled states out."""

import threading
from contextlib import contextmanager, nullcontext

import torch

from ..decoding.generator import WindowGenerator, can_generate, encoder_batch_size
from ..decoding.tails import generate_with_tails
from .options import BATCHED


class ForwardMixin:
    """The forward pass of `WhisperATPipeline`, on top of that of the stock speech recognition pipeline."""

    def __init__(self, *args, **kwargs):
        self._attention_lock = threading.Lock()
        super().__init__(*args, **kwargs)

    def _forward(self, model_inputs, return_text=True, return_tags=True, return_language=None, mode=None, **kwargs):
        batched = isinstance(model_inputs["is_last"], list)
        rows = [row for rows in model_inputs["rows"] for row in rows] if batched else model_inputs["rows"]
        if not return_text:
            outputs = self._encode_rows(rows)
        elif mode == BATCHED:
            outputs = self._by_length(rows, _is_long_file, self._transcribe_windows, return_tags, **kwargs)
        else:
            outputs = self._by_length(rows, self._is_long_row, self._generate_group, return_tags, **kwargs)
        if return_language:
            for output in outputs:
                if output["language_id"] is not None:
                    output["lang_id"] = torch.tensor([output["language_id"]])
        for row, output in zip(rows, outputs, strict=True):
            output.update({name: row[name] for name in ("num_frames", "duration") if name in row})
        return {"is_last": model_inputs["is_last"], "rows": [[output] for output in outputs] if batched else outputs}

    def _encode_rows(self, rows: list[dict]) -> list[dict]:
        features = torch.cat([row["input_features"] for row in rows])
        parts = features.split(encoder_batch_size(self.model, features.shape[-1]))
        states = torch.cat([self.model.get_pooled_states(part) for part in parts])
        size = self.model.config.pooling_size
        return [
            {"windows": [(row["span"].origin // size, pooled)], "language_id": None}
            for row, pooled in zip(rows, states, strict=True)
        ]

    def _by_length(self, rows, is_long, generate, return_tags, return_timestamps=False, **kwargs) -> list[dict]:
        """Text (and pooled states) of all rows; those of short and of long files by a call of `generate` each.

        In one call, transformers would decode the short ones as long-form too, with other words as the result.
        """
        outputs: dict[int, dict] = {}
        for long in (False, True):
            group = [index for index, row in enumerate(rows) if is_long(row) == long]
            if group:
                # Long-form decoding needs timestamps, whether or not the caller wants to see them.
                results = generate([rows[i] for i in group], return_tags, return_timestamps or long, kwargs)
                outputs.update(zip(group, results, strict=True))
        return [outputs[index] for index in range(len(rows))]

    def _is_long_row(self, row: dict) -> bool:
        return row["input_features"].shape[-1] > self.feature_extractor.nb_max_frames

    def _can_generate_alone(self, generate_kwargs: dict) -> bool:
        """Whether our own decoding does all that is asked for, by a call or by `pipeline(...)`."""
        return can_generate({**self._generate_kwargs, **generate_kwargs}) and self.assistant_model is None

    def _transcribe_windows(self, rows: list[dict], return_tags: bool, return_timestamps, kwargs: dict) -> list[dict]:
        """Text (and pooled states) of windows cut at pauses, as pieces with their places on the file's clock."""
        if self._can_generate_alone(kwargs):
            kwargs = {**self._generate_kwargs, **kwargs}
            generator = WindowGenerator(self.model, self.tokenizer, kwargs, return_timestamps)
            first_timestamp = generator.decoder.rules.first_timestamp
            outputs = generate_with_tails(rows, generator.generate, return_tags, first_timestamp)
        else:
            # `generate` moves on by itself inside a window.
            outputs = self._generate_group(rows, return_tags, return_timestamps, kwargs)
            outputs = [{**output, "pieces": [(0, output)]} for output in outputs]
        return [{**output, "bounds": row["bounds"]} for row, output in zip(rows, outputs, strict=True)]

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


def _is_long_file(row: dict) -> bool:
    return row["is_long"]
