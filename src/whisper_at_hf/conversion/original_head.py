"""From an original Whisper-AT checkpoint (`.pth`) to one of our heads.

Source of the names: https://github.com/YuanGongND/whisper-at, `package/whisper-at/whisper_at/model.py` (inference,
every key prefixed with `at_model.`) and `src/whisper_at_train/models.py` (training, `module.` by DataParallel).
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from ..errors import InputError, first_line
from ..labels import audioset_labels
from ..model.configuration_whisper_at import TLTRConfig
from ..model.fingerprint import fingerprint
from ..model.modeling_tltr import TLTRForAudioClassification
from .download import sha256_of
from .openai import load_pickle, rename_block_part
from .weights import assign_weights, check_tensors

PREFIXES = ("at_model.", "module.", "")

PARTS = {
    "down_layer.0": "projection_norm",
    "down_layer.1": "projection",
    "mlp_layer.0": "classifier_norm",
    "mlp_layer.1": "classifier",
}
BLOCKS = {"time_tr.": "time_block.", "layer_tr.": "layer_block."}

MATRICES = ("layer_block.self_attn.q_proj.weight", "projection.weight", "classifier.weight")
"""Our names of the weights that tell a head's sizes."""

ENCODER_LAYERS = {384: 4, 512: 6, 768: 12, 1024: 24, 1280: 32}
"""Encoder layers of openai's Whispers by width (https://arxiv.org/abs/2212.04356, table 1)."""


def load_original_head(
    path: Path, encoder_layers: int | None = None, labels: Sequence[str] | None = None
) -> TLTRForAudioClassification:
    """The TLTR or TLTR-512 of an original checkpoint; any Whisper weights beside it are left out.

    Args:
        path: the `.pth` file.
        encoder_layers: encoder layers of the Whisper that it was trained on, which its weights do not tell; only
            used where no openai Whisper is as wide as the head.
        labels: names of its outputs; by default AudioSet's if there are 527, else LABEL_0, LABEL_1, ...

    Raises:
        InputError: the file is refused, broken or holds no TLTR, `labels` are too many or few, or the
            layers are unknown.
    """
    state_dict = _head_state_dict(load_pickle(path), path)
    config = _head_config(state_dict, path, encoder_layers, labels)
    with torch.device("meta"):  # random initial weights would only be thrown away
        head = TLTRForAudioClassification(config)
    assign_weights(head, state_dict, str(path))
    head.config.provenance = {"file": path.name, "sha256": sha256_of(path), "weights": fingerprint(head, None)}
    return head.eval()


def _head_state_dict(checkpoint: dict, path: Path) -> dict[str, torch.Tensor]:
    prefix = next((prefix for prefix in PREFIXES if f"{prefix}layer_tr.attn.query.weight" in checkpoint), None)
    if prefix is None:
        raise InputError(
            f"{path} holds no Whisper-AT head (TLTR or TLTR-512): give an original .pth or a folder of ours as --head."
        )
    state_dict = {}
    for name, weight in checkpoint.items():
        name = str(name)
        renamed = _rename(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if renamed is not None:
            state_dict[renamed] = weight
    check_tensors(state_dict, str(path))
    return state_dict


def _rename(name: str) -> str | None:
    """Our name of an original one, or None for what is not part of the head, such as Whisper's own weights."""
    for original, ours in BLOCKS.items():
        if name.startswith(original):
            return ours + rename_block_part(name.removeprefix(original))
    part, _, kind = name.rpartition(".")
    return f"{PARTS[part]}.{kind}" if part in PARTS else None


def _head_config(
    state_dict: dict[str, torch.Tensor], path: Path, encoder_layers: int | None, labels: Sequence[str] | None
) -> TLTRConfig:
    if wrong := [name for name in MATRICES if name in state_dict and state_dict[name].dim() != 2]:
        raise InputError(f"{path} has a {wrong[0]} that is no matrix: copy or download it again.")
    width = state_dict["layer_block.self_attn.q_proj.weight"].shape[0]
    projection, classifier = state_dict.get("projection.weight"), state_dict.get("classifier.weight")
    if classifier is None:
        raise InputError(f"{path} lacks mlp_layer, the classifier of a Whisper-AT head: copy or download it again.")
    d_model = width if projection is None else projection.shape[1]
    encoder_layers = ENCODER_LAYERS.get(d_model, encoder_layers)
    if encoder_layers is None:
        raise InputError(f"{path} is {d_model} wide, as no openai Whisper is: name the Whisper that it belongs to.")
    names = _label_names(classifier.shape[0], path, labels)
    projection_dim = None if projection is None else width
    try:
        return TLTRConfig(
            encoder_layers=encoder_layers,
            d_model=d_model,
            projection_dim=projection_dim,
            id2label=dict(enumerate(names)),
        )
    except ValueError as error:
        raise InputError(f"{path} is of a shape that no head has ({first_line(error)}): download it again.") from error


def _label_names(count: int, path: Path, labels: Sequence[str] | None) -> list[str]:
    if labels is not None:
        if len(labels) != count:
            raise InputError(f"{path} has {count} outputs, but {len(labels)} labels were given: name every output.")
        return list(labels)
    audioset = audioset_labels()
    return audioset if count == len(audioset) else [f"LABEL_{index}" for index in range(count)]
