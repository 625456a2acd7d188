"""From the audio of a clip, or of several clips of one file, to the encoder's input and back to features."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import torch

from ..audio.load import load_audio
from ..audio.log_mel import log_mel
from ..audio.windows import cut_clip
from ..data import audio_source
from ..errors import InputError
from .encoder import Encoder
from .keys import Segment, segment
from .spec import FeatureSpec


class Cut(NamedTuple):
    """Where a clip's steps lie among the steps of the encoded windows, laid side by side."""

    first: int
    length: int


class EncoderInput(NamedTuple):
    """What a few rows of a dataset become: input for the encoder, and where each clip is cut out of its output.

    Attributes:
        windows: log-mel frames, each `(mels, frames)`.
        rows: those of the dataset that could be read.
        cuts: their steps.
        failures: why each other row has none.
    """

    windows: list[torch.Tensor]
    rows: list[int]
    cuts: list[Cut]
    failures: dict[int, str]


class ClipReader:
    """Reads clips and computes the encoder's input as the spec's padding says.

    Args:
        dataset: rows for `audio_source`, optionally with `start` and `end` in seconds.
        encoder: whose input it is.
        spec: window and padding.
    """

    def __init__(self, dataset: Any, encoder: Encoder, spec: FeatureSpec):
        self.dataset, self.spec, self.extractor = dataset, spec, encoder.feature_extractor
        self.frames_per_step, self.window_frames = encoder.frames_per_step, encoder.window_frames
        if spec.padding == "trim":
            self.window_frames = spec.steps * self.frames_per_step
        self.window_steps = self.window_frames // self.frames_per_step

    def __call__(self, rows: Sequence[int]) -> EncoderInput:
        """The input for these rows. A file is read once for all its rows that follow each other."""
        result = EncoderInput([], [], [], {})
        clips = ((row, self.dataset[row]) for row in rows)
        for source, group in groupby(clips, key=lambda clip: audio_source(clip[1])):
            segments = {row: segment(values) for row, values in group}
            try:
                audio = load_audio(source, self.extractor.sampling_rate)
            except InputError as error:
                result.failures.update(dict.fromkeys(segments, str(error)))
                continue
            seconds = len(audio) / self.extractor.sampling_rate
            for row, (start, end) in list(segments.items()):
                if not 0 <= start < min(seconds, math.inf if end is None else end):
                    result.failures[row] = f"There is no sound from {start:g} s to {_clock(end)} in {seconds:g} s."
                    del segments[row]
            if self.spec.padding == "context":
                self._add_in_context(result, audio, segments)
            else:
                self._add_alone(result, audio, segments)
        return result

    def _add_alone(self, result: EncoderInput, audio: np.ndarray, segments: dict[int, Segment]) -> None:
        """A window for each clip, which holds nothing but the clip."""
        rate = self.extractor.sampling_rate
        longest = self.spec.steps * self.frames_per_step * self.extractor.hop_length
        for row, (start, end) in segments.items():
            clip = cut_clip(audio, rate, start, end)[:longest]
            result.rows.append(row)
            result.cuts.append(Cut(len(result.windows) * self.window_steps, self.spec.steps))
            result.windows.append(self._log_mel(clip, self.window_frames))

    def _add_in_context(self, result: EncoderInput, audio: np.ndarray, segments: dict[int, Segment]) -> None:
        """The windows of the file's 30 s grid that hold a clip, each once for all its clips."""
        bounds = {}
        for row, (start, end) in segments.items():
            first = round(start / self.spec.step_seconds)
            if abs(first * self.spec.step_seconds - start) > 1e-6 * max(1.0, start):
                step = self.spec.step_seconds
                result.failures[row] = f"A start at {start:g} s is off the grid: use a multiple of {step:g} s."
            else:
                bounds[row] = (first, self._last_step(first, end, len(audio)))
        needed = {
            index
            for first, last in bounds.values()
            for index in range(first // self.window_steps, (last - 1) // self.window_steps + 1)
        }
        place = {index: len(result.windows) + number for number, index in enumerate(sorted(needed))}
        for row, (first, last) in bounds.items():
            index, offset = divmod(first, self.window_steps)
            result.rows.append(row)
            result.cuts.append(Cut(place[index] * self.window_steps + offset, last - first))
        if place:
            # One frame more than needed, as in the pipeline: the extractor mirrors the end of what it gets.
            count = -(-len(audio) // (self.window_frames * self.extractor.hop_length))
            windows = self._log_mel(audio, count * self.window_frames + 1).split(self.window_frames, dim=-1)
            result.windows.extend(windows[index] for index in place)

    def _last_step(self, first: int, end: float | None, samples: int) -> int:
        """Where a clip's steps stop: at its end, its window's, or the file's, which counts the first 30 s whole."""
        frames = max(samples // self.extractor.hop_length, self.window_frames)
        last = min(first + self.spec.steps, -(-frames // self.frames_per_step))
        return last if end is None else min(last, math.ceil(end / self.spec.step_seconds - 1e-6))

    def _log_mel(self, audio: np.ndarray, frames: int) -> torch.Tensor:
        """`(mels, frames)`."""
        return log_mel(self.extractor, audio, frames * self.extractor.hop_length)[0][0]


def cut_features(states: np.ndarray, cuts: Sequence[Cut], spec: FeatureSpec) -> np.ndarray:
    """The clips' features out of encoded windows.

    Args:
        states: pooled states `(windows, layers, steps, width)`.

    Returns:
        `(clips, layers, spec.steps, width)`; clips with fewer steps end in zeros.
    """
    timeline = states.swapaxes(0, 1).reshape(states.shape[1], -1, states.shape[3])
    features = np.zeros((len(cuts), *spec.shape), dtype=np.float16)
    for clip, (first, length) in zip(features, cuts, strict=True):
        clip[:, :length] = timeline[:, first : first + length]
    return features


def _clock(end: float | None) -> str:
    return "the end" if end is None else f"{end:g} s"
