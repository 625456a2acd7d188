"""EfficientAT's mn04_as as a teacher: 527 AudioSet labels, published mAP 43.2, 29 ms for 10 s of sound on one thread.

    WHISPER_AT_TEACHER=FOLDER whisper-at teach --tagger recipes/efficientat.py:EfficientAT --data clips.csv \
      --output teacher.csv

FOLDER holds `mn04_as_mAP_432.pt` of https://github.com/fschmid56/EfficientAT/releases (MIT, Schmid et al. 2023,
https://arxiv.org/abs/2211.04772). The weights are not part of this project. The network is MobileNetV3-Large (Howard
et al. 2019, https://arxiv.org/abs/1905.02244, table 1); how wide and deep it is, is read from the weights.
"""

import os
from pathlib import Path

import numpy as np
import soxr
import torch
from torch import nn
from transformers.audio_utils import mel_filter_bank

from whisper_at_hf import InputError
from whisper_at_hf.labels import audioset_labels

WEIGHTS = "mn04_as_mAP_432.pt"
# EfficientAT's models/preprocess.py: 32 kHz, 25 ms windows every 10 ms, 128 bands up to 15 kHz, emphasised treble.
RATE, WINDOW, HOP, FFT, BANDS, HIGHEST, EMPHASIS = 32_000, 800, 320, 1024, 128, 15_000.0, 0.97
# Table 1 of MobileNetV3: where the picture is halved, and from which block on the activation is h-swish.
HALVING, FIRST_HARDSWISH = (2, 4, 7, 13), 7
# The shortest sound that leaves something after five halvings.
LEAST_SAMPLES = RATE


class EfficientAT:
    """A `Tagger`; listens at 16 kHz, as Whisper does, so that it knows no more than a student can hear."""

    sampling_rate = 16_000

    def __init__(self, folder: str | os.PathLike | None = None):
        chosen = folder or os.environ.get("WHISPER_AT_TEACHER")
        if chosen is None:
            raise InputError(f"WHISPER_AT_TEACHER is not set; set it to the folder of {WEIGHTS}.")
        path = Path(chosen) / WEIGHTS
        if not path.is_file():
            raise InputError(f"'{path}' does not exist; set WHISPER_AT_TEACHER to the folder of {WEIGHTS}.")
        self.labels = audioset_labels()
        self.network = _network(torch.load(path, map_location="cpu", weights_only=True))

    @torch.inference_mode()
    def __call__(self, clips: list[np.ndarray]) -> np.ndarray:
        """Probabilities `(clips, 527)` of clips `(samples,)`; short ones of a batch are not padded to long ones."""
        return np.stack([self.network(_log_mel(clip)[None, None])[0].sigmoid().numpy() for clip in clips])


def _log_mel(clip: np.ndarray) -> torch.Tensor:
    """`(samples,)` at 16 kHz to `(bands, frames)`."""
    samples = torch.from_numpy(soxr.resample(clip, EfficientAT.sampling_rate, RATE))
    samples = nn.functional.pad(samples, (0, max(0, LEAST_SAMPLES - len(samples))))
    samples = samples[1:] - EMPHASIS * samples[:-1]
    window = torch.hann_window(WINDOW, periodic=False)
    power = torch.stft(samples, FFT, HOP, WINDOW, window, return_complex=True).abs() ** 2
    return ((_bands() @ power + 1e-5).log() + 4.5) / 5


def _bands() -> torch.Tensor:
    """Kaldi's triangles `(bands, bins)`, which leave the highest bin out."""
    bands = mel_filter_bank(
        FFT // 2 + 1, BANDS, 0.0, HIGHEST, RATE, norm=None, mel_scale="kaldi", triangularize_in_mel_space=True
    )
    return torch.from_numpy(bands.T).float()


def _network(weights: dict[str, torch.Tensor]) -> nn.Module:
    """`(clips, 1, bands, frames)` to logits `(clips, 527)`."""
    last = max(int(name.split(".")[1]) for name in weights if name.startswith("features."))
    blocks = [_convolution(weights, "features.0", stride=2, activation=nn.Hardswish)]
    blocks += [_Block(weights, f"features.{number}", number) for number in range(1, last)]
    blocks.append(_convolution(weights, f"features.{last}", activation=nn.Hardswish))
    hidden, width = weights["classifier.2.weight"].shape
    outputs = len(weights["classifier.5.bias"])
    network = nn.Module()
    network.features = nn.Sequential(*blocks)
    network.classifier = nn.Sequential(
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, hidden), nn.Hardswish(), nn.Dropout()),
        nn.Linear(hidden, outputs),
    )
    network.forward = lambda spectrum: network.classifier(network.features(spectrum))
    network.load_state_dict(weights)
    return network.eval()


def _convolution(
    weights: dict[str, torch.Tensor], name: str, stride: int = 1, activation: type[nn.Module] | None = None
) -> nn.Sequential:
    """Convolution, norm, activation, as large as their weights. One input channel a group is one for each channel."""
    outputs, per_group, size, _ = weights[f"{name}.0.weight"].shape
    first = name == "features.0"
    groups = outputs if per_group == 1 and not first else 1
    layer = nn.Conv2d(per_group * groups, outputs, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs, eps=1e-3), *([activation()] if activation else []))


class _Block(nn.Module):
    """An inverted residual: wider, over time and frequency, weighted by channel, narrower, and added."""

    def __init__(self, weights: dict[str, torch.Tensor], name: str, number: int):
        super().__init__()
        activation = nn.Hardswish if number >= FIRST_HARDSWISH else nn.ReLU
        parts = sorted({int(key.split(".")[3]) for key in weights if key.startswith(f"{name}.block.")})
        block = []
        for part in parts:
            place = f"{name}.block.{part}"
            if f"{place}.0.weight" not in weights:
                block.append(_ChannelWeights(weights, f"{place}.conc_se_layers.0"))
                continue
            spatial = weights[f"{place}.0.weight"].shape[-1] > 1
            stride = 2 if spatial and number in HALVING else 1
            block.append(_convolution(weights, place, stride, None if part == parts[-1] else activation))
        self.block = nn.Sequential(*block)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        result = self.block(states)
        return states + result if states.shape == result.shape else result


class _ChannelWeights(nn.Module):
    """Squeeze and excitation (Hu et al. 2018, https://arxiv.org/abs/1709.01507)."""

    def __init__(self, weights: dict[str, torch.Tensor], name: str):
        super().__init__()
        squeezed, channels = weights[f"{name}.fc1.weight"].shape
        layer = nn.Module()
        layer.fc1, layer.fc2 = nn.Linear(channels, squeezed), nn.Linear(squeezed, channels)
        self.conc_se_layers = nn.ModuleList([layer])

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        (layer,) = self.conc_se_layers
        scale = layer.fc2(layer.fc1(states.mean(dim=(2, 3))).relu()).sigmoid()
        return states * scale[:, :, None, None]
