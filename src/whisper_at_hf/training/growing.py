"""New labels for a trained head, without losing what it knows."""

import torch

from ..configuration_whisper_at import TLTRConfig
from ..modeling_tltr import TLTRForAudioClassification


def grow_head(head: TLTRForAudioClassification, labels: list[str]) -> TLTRForAudioClassification:
    """A head for `labels` that starts from `head`: all blocks and the rows of labels that both know are copied.

    Args:
        head: a trained head, left as it is.
        labels: names of all labels of the new head, for instance `[*head.config.labels, "Drone"]`. Old labels that are
            left out are dropped, thresholds of the others are kept.

    Raises:
        ValueError: a label twice.
    """
    values = {key: value for key, value in head.config.to_dict().items() if key not in ("id2label", "label2id")}
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
