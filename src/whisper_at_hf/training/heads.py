"""Heads before training: fresh ones initialised from the data, trained ones grown by new labels."""

import torch
from torch import nn
from transformers.models.whisper.modeling_whisper import WhisperEncoderLayer

from ..model.configuration_whisper_at import TLTRConfig
from ..model.modeling_tltr import TLTRForAudioClassification

# Dimensions that hardly vary are not blown up beyond this, relative to an evenly spread one.
_LEAST_STD = 1e-3
# What a grown head does not take over from the configuration of the old one.
_OF_THE_OLD = ("id2label", "label2id", "provenance")


@torch.no_grad()
def initialise_from_states(head: TLTRForAudioClassification, states: torch.Tensor) -> None:
    """Start a fresh head from the statistics of its training features.

    The blocks start as identities (their last layers are zero), a projection keeps the variance, and each LayerNorm
    puts out dimensions of zero mean and unit variance on `states`. A few dimensions of Whisper's states are a hundred
    times the others; a LayerNorm that starts at weight 1 hands the next layer little else. (Data-dependent
    initialisation: Krähenbühl et al. 2016, https://arxiv.org/abs/1511.06856. Blocks that start as identities: Zhang
    et al. 2019, https://arxiv.org/abs/1901.09321.)

    Args:
        head: a fresh head, changed in place.
        states: `(batch, layers, steps, width)` pooled states of training clips.
    """
    was_training = head.training
    head.eval()
    for module in head.modules():
        if isinstance(module, WhisperEncoderLayer):
            module.self_attn.out_proj.weight.zero_()
            module.fc2.weight.zero_()
    if head.config.projection_dim:
        for module in head.projection.modules():
            if isinstance(module, nn.Linear):
                module.weight.normal_(0.0, head.config.d_model**-0.5)
    # In the order in which the forward pass meets them, so that each sees what the earlier ones give by now.
    for norm in _norms_in_order(head, states):
        inputs = _inputs_of(norm, head, states).flatten(0, -2)
        normed = nn.functional.layer_norm(inputs, inputs.shape[-1:], eps=norm.eps)
        scale = normed.std(dim=0).clamp(min=_LEAST_STD)
        norm.weight.copy_(1 / scale)
        norm.bias.copy_(-normed.mean(dim=0) / scale)
    head.train(was_training)


@torch.no_grad()
def initialise_bias(head: TLTRForAudioClassification, targets: torch.Tensor) -> None:
    """Start a fresh multi-label head at the base rates: before it has learnt anything, it says how common a label is.

    From a bias of zero, hundreds of rare labels all pull the logits down at once, by a way that is the same for every
    clip; the head finds it in the features, and afterwards all clips look alike to it. (The prior of Lin et al. 2017,
    https://arxiv.org/abs/1708.02002, section 4.1, for each label its own.)

    Args:
        head: a fresh head, changed in place.
        targets: `(clips, num_labels)` probabilities of the training clips.
    """
    # A label without any clip is taken for rarer than one in the data, but for no impossibility.
    least = 1 / (2 * max(1, len(targets)))
    rates = targets.float().mean(dim=0).clamp(min(least, 0.5), max(1 - least, 0.5))
    head.classifier.bias.copy_(torch.logit(rates))


def _norms_in_order(head: nn.Module, states: torch.Tensor) -> list[nn.LayerNorm]:
    met: list[nn.LayerNorm] = []
    hooks = [
        module.register_forward_hook(lambda norm, *_: met.append(norm))
        for module in head.modules()
        if isinstance(module, nn.LayerNorm)
    ]
    head(states[:1])
    for hook in hooks:
        hook.remove()
    return met


def _inputs_of(norm: nn.LayerNorm, head: nn.Module, states: torch.Tensor) -> torch.Tensor:
    seen: list[torch.Tensor] = []
    hook = norm.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    for part in states.split(64):
        head(part)
    hook.remove()
    return torch.cat(seen)


def grow_head(head: TLTRForAudioClassification, labels: list[str]) -> TLTRForAudioClassification:
    """A head for `labels` that starts from `head`: all blocks and the rows of labels that both know are copied.

    Args:
        head: a trained head, left as it is.
        labels: names of all labels of the new head, for instance `[*head.config.labels, "Drone"]`. Old labels that are
            left out are dropped, thresholds of the others are kept.

    Raises:
        ValueError: a label twice.
    """
    values = {key: value for key, value in head.config.to_dict().items() if key not in _OF_THE_OLD}
    values["thresholds"] = {
        label: threshold for label, threshold in (head.config.thresholds or {}).items() if label in labels
    } or None
    grown = TLTRForAudioClassification(TLTRConfig(**values, id2label=dict(enumerate(labels))))
    state = head.state_dict()
    old_weight, old_bias = state.pop("classifier.weight"), state.pop("classifier.bias")
    grown.load_state_dict(state, strict=False)
    kept = [(row, head.config.label2id[label]) for row, label in enumerate(labels) if label in head.config.label2id]
    with torch.no_grad():
        for row, old_row in kept:
            grown.classifier.weight[row] = old_weight[old_row]
            grown.classifier.bias[row] = old_bias[old_row]
    return grown.to(old_weight.dtype)
