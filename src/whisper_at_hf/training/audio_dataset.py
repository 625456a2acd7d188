"""Training rows straight from audio, changed at random before they are encoded."""

import os
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import WhisperFeatureExtractor

from ..audio.load import load_audio
from ..audio.log_mel import log_mel
from ..audio.windows import cut_clip
from ..data import audio_source, load_data
from ..data.folders import audio_files
from ..errors import InputError
from ..features import FeatureSpec
from ..features.keys import segment
from .arguments import DataArguments
from .augmentation import WaveformAugmentation
from .clips import Clips
from .fitting import Parts


class AudioDataset(Dataset):
    """Clips that are read, augmented and turned into log-mel frames each time they are asked for.

    Args:
        clips: readable clips; their cached features are not used.
        feature_extractor: that of the Whisper.
        augmentation: what happens to the sound.
        speech_place: index of the label that mixed-in speech adds, if any.

    An item is `{"input_features": (mels, frames), "labels": ..., ["teacher": (num_labels,)]}`.
    """

    def __init__(
        self,
        clips: Clips,
        feature_extractor: WhisperFeatureExtractor,
        augmentation: WaveformAugmentation,
        speech_place: int | None = None,
    ):
        self.rows, self.targets, self.teacher = clips.rows, clips.targets, clips.teacher
        self.spec: FeatureSpec = clips.cache.spec
        self.feature_extractor, self.augmentation, self.speech_place = feature_extractor, augmentation, speech_place

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> dict[str, Any]:
        rng = np.random.default_rng(int(torch.randint(2**31, ())))
        audio, with_speech = self.augmentation(self._window(self.rows[row]), rng)
        target = self.targets[row]
        if with_speech and self.speech_place is not None:
            target = target.copy()
            target[self.speech_place] = 1
        item = {"input_features": self._log_mel(audio), "labels": target}
        if self.teacher is not None:
            item["teacher"] = self.teacher[row]
        return item

    def _window(self, row: dict[str, Any]) -> np.ndarray:
        rate = self.feature_extractor.sampling_rate
        start, end = segment(row)
        audio = load_audio(audio_source(row), rate)
        return cut_clip(audio, rate, start, end)[: round(self.spec.window_length_s * rate)]

    def _log_mel(self, audio: np.ndarray) -> np.ndarray:
        extractor = self.feature_extractor
        seconds = extractor.chunk_length if self.spec.padding == "pad" else self.spec.window_length_s
        return log_mel(extractor, audio, round(seconds * extractor.sampling_rate))[0][0].numpy()


def online_training(parts: Parts, data: DataArguments) -> dict[str, Any]:
    """`train_dataset` and `encoder` for `fit_head`, to learn from augmented audio.

    Raises:
        InputError: speech without a label in a multi-label run or with one in a single-label run, or clips that are
            encoded in the context of their file, which an augmented clip no longer has.
    """
    if parts.train[0].cache.spec.padding == "context":
        raise InputError("--on_the_fly encodes clips alone; use --input_padding trim or pad.")
    place = _speech_place(parts, data)
    speech = [] if data.speech is None else load_utterances(data.speech)
    augmentation = WaveformAugmentation(data.gain_db, data.noise_snr_db, speech, data.speech_snr_db)
    dataset = AudioDataset(parts.train[0], parts.encoder.feature_extractor, augmentation, place)
    return {"train_dataset": dataset, "encoder": parts.encoder.model}


def _speech_place(parts: Parts, data: DataArguments) -> int | None:
    if data.speech_label is None:
        return None
    if parts.problem_type == "single_label_classification":
        raise InputError("--speech_label adds a second label, which a single-label head cannot have; leave it out.")
    if data.speech_label not in parts.labels:
        raise InputError(f"--speech_label '{data.speech_label}' is not one of the labels; use one of them.")
    return parts.labels.index(data.speech_label)


def load_utterances(source: str) -> list[np.ndarray]:
    """The sound of every clip of a folder or of labelled data, each `(samples,)` float32 at 16 kHz.

    Raises:
        InputError: there is none, or audio that cannot be read.
    """
    if os.path.isdir(source):
        paths = sorted(audio_files(source))
    else:
        paths = [audio_source(row) for row in load_data(source)]
    if not paths:
        raise InputError(f"There is no audio in --speech '{source}'; name a folder or CSV of speech.")
    return [load_audio(path) for path in paths]
