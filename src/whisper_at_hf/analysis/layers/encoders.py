"""Pooled states of every layer of any speech encoder, kept in the feature cache that training uses.

A layer is a block of the encoder; its states are the block's output, **before** the LayerNorm that some encoders put
behind the last one (Whisper, AST, wav2vec2-like encoders with `do_stable_layer_norm`), whatever the transformers
version writes into the last of its `hidden_states`. The input of the first block is not a layer.

Whisper goes through `training.features`; every other encoder goes the same way, as a `SpeechEncoder` whose features
are one step as long as the window: the mean over time of each clip.
"""

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, PreTrainedModel

from ...errors import InputError, first_line
from ...features import Encoder, FeatureCache, FeatureSpec, load_encoder
from ...model.complete_loading import load_complete
from ...model.configuration_whisper_at import MODEL_TYPE, POSITIONS_PER_SECOND
from ...model.fingerprint import fingerprint

WHISPER_TYPES = ("whisper", MODEL_TYPE)
# Tokens before those of the sound: AST's class and distillation tokens.
LEADING_TOKENS = {"audio-spectrogram-transformer": 2}
# The convolutions of wav2vec2-like encoders need 25 ms; shorter clips are padded with silence to this, in seconds.
SHORTEST_CLIP = 0.1
# Encoders that take clips of different lengths by attention mask and say which of their steps are padding.
MASKED_TYPES = ("hubert", "wav2vec2", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat", "wav2vec2-conformer")
# Replaces masked frames in training; no part of the output, and drawn at random where a checkpoint lacks it.
UNUSED_WEIGHT = "masked_spec_embed"
# Of a configuration: where it was loaded from and by what, which decides nothing.
IRRELEVANT = ("_name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures")


class Waveforms:
    """Stands for a feature extractor where `ClipReader` wants one, and leaves the sound as it is.

    Args:
        sampling_rate: Hz.

    Attributes:
        hop_length: samples in 10 ms, the mel frames that the reader counts in.
    """

    def __init__(self, sampling_rate: int):
        self.sampling_rate, self.hop_length = sampling_rate, sampling_rate // 100

    def __call__(self, audio: np.ndarray, **padding: Any) -> dict[str, torch.Tensor]:
        """`(samples,)` as `input_features` `(1, samples)`: encoders pad by themselves, and know true lengths."""
        samples = torch.from_numpy(np.asarray(audio, dtype=np.float32))[None]
        return {"input_features": samples, "attention_mask": torch.ones_like(samples, dtype=torch.long)}


class SpeechEncoder(Encoder):
    """A transformers encoder of any kind but Whisper, in the form that `extract_features` takes.

    Args:
        model: the encoder; its blocks are found by `find_blocks`.
        extractor: makes the model's input from waveforms.

    Attributes:
        masked: whether clips of different lengths go through the model together, by attention mask. Otherwise only
            clips of one length do: models with a norm over time in their convolutions would hear the padding (such
            as wav2vec2-base), and others give no way to tell which of their steps are padding.

    Raises:
        InputError: the model has no blocks of which the states could be taken.
    """

    def __init__(self, model: PreTrainedModel, extractor: Any):
        # Not Encoder's: that reads a Whisper's mels and dimensions.
        self.model, self.extractor, self.dtype = model.eval(), extractor, "float32"
        self.blocks = find_blocks(model)
        self.leading = LEADING_TOKENS.get(model.config.model_type, 0)
        config = model.config
        self.masked = (
            config.model_type in MASKED_TYPES
            # Extractors of models with a norm over time say no here, and those models must not get a mask.
            and extractor.return_attention_mask
            # An adapter behind the blocks is shorter than they are, and it is its steps that the model counts.
            and not getattr(config, "add_adapter", False)
        )
        self.feature_extractor = Waveforms(extractor.sampling_rate)
        self.fingerprint = _fingerprint(model, extractor)
        self._window_s = 10.0

    # One step is as long as the window, see `spec`.
    @property
    def frames_per_step(self) -> int:
        """Mel frames (10 ms) in one pooled step."""
        return round(100 * self._window_s)

    window_frames = frames_per_step

    def spec(self, window_length_s: float = 10.0, padding: str = "trim") -> FeatureSpec:
        """The spec of features by this encoder: of each clip's first `window_length_s` seconds, one mean.

        Raises:
            InputError: a window that is no multiple of 20 ms.
        """
        if not math.isfinite(window_length_s):
            raise InputError(f"window_length_s={window_length_s:g} must be a multiple of 0.02 s.")
        positions = round(window_length_s * POSITIONS_PER_SECOND)
        if positions < 1 or abs(positions - window_length_s * POSITIONS_PER_SECOND) > 1e-6:
            raise InputError(f"window_length_s={window_length_s:g} must be a multiple of 0.02 s.")
        self._window_s = positions / POSITIONS_PER_SECOND
        width = self.model.config.hidden_size
        return FeatureSpec(self.fingerprint, len(self.blocks), width, window_length_s, padding, pooling_size=positions)

    def __call__(self, windows: Sequence[torch.Tensor]) -> np.ndarray:
        """Waveforms, each `(samples,)`, to their mean states `(clips, layers, 1, width)` in float16.

        Raises:
            InputError: the model refuses the sound, or gives states that float16 cannot hold.
        """
        shortest = round(SHORTEST_CLIP * self.feature_extractor.sampling_rate)
        sounds = [nn.functional.pad(sound, (0, max(0, shortest - len(sound)))).numpy() for sound in windows]
        alike = defaultdict(list)
        for place, sound in enumerate(sounds):
            alike[0 if self.masked else len(sound)].append(place)
        states = np.empty((len(sounds), len(self.blocks), 1, self.model.config.hidden_size), dtype=np.float16)
        for places in alike.values():
            means = self._means([sounds[place] for place in places])
            with np.errstate(over="ignore"):
                states[places, :, 0] = means.float().cpu().numpy()
        if not np.isfinite(states).all():
            raise InputError("The encoder gives NaN or states beyond float16: use another model.")
        return states

    @torch.inference_mode()
    def _means(self, sounds: list[np.ndarray]) -> torch.Tensor:
        """Mean over its own steps of each clip's states, `(clips, layers, width)`; sounds are `(samples,)`."""
        inputs = self.extractor(
            sounds, sampling_rate=self.feature_extractor.sampling_rate, padding=True, return_tensors="pt"
        ).to(self.model.device)
        if not self.masked:
            inputs.pop("attention_mask", None)
        pooled: dict[int, torch.Tensor] = {}
        hooks = [
            block.register_forward_hook(
                lambda block, _, output, layer=layer: pooled.__setitem__(layer, self._mean(output, inputs))
            )
            for layer, block in enumerate(self.blocks)
        ]
        try:
            with warnings.catch_warnings():
                # WavLM's attention takes its mask and its positions in different types, which torch remarks on.
                warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
                self.model(**inputs)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.stack([pooled[layer] for layer in range(len(self.blocks))], dim=1)

    def _mean(self, output: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Mean over time, `(clips, width)`, of a block's output `(clips, steps, width)`, without padding."""
        states = (output[0] if isinstance(output, tuple) else output)[:, self.leading :]
        if not self.masked:
            return states.mean(dim=1)
        mask = self.model._get_feature_vector_attention_mask(states.shape[1], inputs["attention_mask"])
        weights = mask.to(states.dtype)[..., None]
        return (states * weights).sum(dim=1) / weights.sum(dim=1)


def find_blocks(model: PreTrainedModel) -> nn.ModuleList:
    """The encoder's blocks: the list of as many equal-sized parts as the configuration has hidden layers.

    Raises:
        InputError: there is no such list.
    """
    config = model.config
    layers = getattr(config, "num_hidden_layers", None)
    for module in model.modules():
        # The convolutions of wav2vec2-like encoders, which may be as many, hold no Linear.
        if isinstance(module, nn.ModuleList) and len(module) == layers:
            if all(any(isinstance(part, nn.Linear) for part in block.modules()) for block in module):
                return module
    raise InputError(
        f"A model of type '{config.model_type}' has no plain list of blocks: use an encoder such as Whisper, HuBERT, "
        "wav2vec2, WavLM or AST."
    )


def load_speech_encoder(model: str | PathLike) -> Encoder:
    """The encoder of any speech model, on the CPU.

    Args:
        model: folder or hub id of a Whisper, HuBERT, wav2vec2, WavLM, AST or another transformers model of one stack
            of blocks that reads waveforms; for Whisper, whatever `training.features.load_encoder` takes.

    Raises:
        InputError: there is no such model, it is broken, or it is no encoder of sound.
    """
    path = Path(model)
    if path.is_file() or (path.is_dir() and (path / "model.bin").is_file()):
        return load_encoder(model)
    if path.is_dir() and not (path / "config.json").is_file():
        raise InputError(f"'{model}' holds no config.json: name the folder of a model.")
    config = _loaded(lambda: AutoConfig.from_pretrained(model, trust_remote_code=False), model)
    if config.model_type in WHISPER_TYPES:
        return load_encoder(model)
    if getattr(config, "is_encoder_decoder", False):
        raise InputError(f"'{model}' is of type '{config.model_type}', which has a decoder: name an encoder alone.")
    extractor = _loaded(lambda: AutoFeatureExtractor.from_pretrained(model, trust_remote_code=False), model)
    if not hasattr(extractor, "sampling_rate"):
        raise InputError(f"'{model}' does not read sound: name a speech or audio encoder.")
    return SpeechEncoder(_load_model(model, config), extractor)


def _load_model(model: str | PathLike, config: Any) -> PreTrainedModel:
    """The model without a head, in float32, with every weight found that decides its output."""

    class Lenient:
        @staticmethod
        def from_pretrained(path: str | PathLike, **kwargs: Any) -> tuple[PreTrainedModel, dict]:
            loaded, info = AutoModel.from_pretrained(path, trust_remote_code=False, **kwargs)
            missing = [key for key in info["missing_keys"] if not key.endswith(UNUSED_WEIGHT)]
            return loaded, {**info, "missing_keys": missing}

    return _loaded(lambda: load_complete(Lenient, model, config=config, dtype=torch.float32), model)


def _loaded(load: Callable[[], Any], model: str | PathLike) -> Any:
    try:
        return load()
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise InputError(
            f"'{model}' cannot be loaded as a speech encoder ({first_line(error)}): "
            "name a transformers folder or a hub id that you can reach."
        ) from error


def time_means(
    cache: FeatureCache, positions: Sequence[int], steps: Sequence[int] | None = None, chunk: int = 64
) -> np.ndarray:
    """Mean over time of cached features, `(clips, layers, width)` float32, read chunk by chunk.

    Args:
        cache: of any encoder.
        positions: `(clips,)`, where they lie in the cache.
        steps: `(clips,)`, how many of the window's steps count, see `clip_steps`; all of them if None.
        chunk: clips in memory at a time.
    """
    layers, window, width = cache.spec.shape
    counts = np.full(len(positions), window) if steps is None else np.asarray(steps)
    means = np.empty((len(positions), layers, width), dtype=np.float32)
    for first in range(0, len(positions), chunk):
        part = slice(first, first + chunk)
        states = cache.batch(positions[part]).astype(np.float32)
        counted = np.arange(window) < counts[part, None]
        means[part] = np.einsum("clsw,cs->clw", states, counted / counts[part, None], optimize=True)
    return means


def _fingerprint(model: PreTrainedModel, extractor: Any) -> str:
    """sha256 over the weights and whatever else decides the output."""
    settings = {key: value for key, value in model.config.to_dict().items() if key not in IRRELEVANT}
    settings = {"model": settings, "extractor": extractor.to_dict()}
    return fingerprint(model, settings, lambda name: not name.endswith(UNUSED_WEIGHT))
