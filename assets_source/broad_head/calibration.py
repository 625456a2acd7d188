"""Scores that mean the same for every label: probabilities on scenes that the head has not learnt from.

A head that a teacher taught says 0.02 of footsteps that it knows and 0.99 of speech, since its teacher does. A
logistic regression for each label (Platt, "Probabilistic outputs for support vector machines", 1999) makes its logit
the log-odds of the label being there, so that labels can be ranked by it; it is folded into the head's last layer.
"""

import numpy as np
import torch
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from whisper_at_hf import TLTRForAudioClassification

# With fewer validation windows that hold a label, its regression would be chance: it gets the typical one.
LEAST_WINDOWS = 8
# A label counts from where one in a hundred windows without it is tagged with it, but not from less than the lowest,
# nor only from more than the highest: some windows do have it, though nothing says so.
FALSE_TAGS = 0.01
LOWEST, HIGHEST = 0.3, 0.4
# Of windows that hold only speech, one in so many may be tagged with anything else, however high that takes the score.
FALSE_TAGS_OF_SPEECH = 0.01


def platt(logits: np.ndarray, truth: np.ndarray, unsure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift of each label's logit, both `(num_labels,)`.

    Args:
        logits: `(windows, num_labels)`.
        truth: which labels are there for certain, the same shape.
        unsure: which may be there all the same; these windows do not count for the label.
    """
    scale, shift = np.full((2, logits.shape[1]), np.nan)
    for label in range(logits.shape[1]):
        counts = ~unsure[:, label] | truth[:, label]
        there = truth[counts, label]
        if there.sum() >= LEAST_WINDOWS and not there.all():
            fitted = LogisticRegression(C=1.0).fit(logits[counts, label, None], there)
            scale[label], shift[label] = max(fitted.coef_[0, 0], 0.2), fitted.intercept_[0]
    # Where the log-odds are even: for the others, as far over what is usual without the label as it typically is.
    usual = np.array([np.quantile(logits[~truth[:, label], label], 0.99) for label in range(logits.shape[1])])
    typical = np.nanmedian(scale)
    margin = np.nanmedian(-shift / scale - usual)
    unknown = np.isnan(scale)
    scale[unknown] = typical
    shift[unknown] = -typical * (usual + margin)[unknown]
    return scale, shift


def thresholds(logits: np.ndarray, truth: np.ndarray, unsure: np.ndarray, speech: np.ndarray) -> np.ndarray:
    """The score `(num_labels,)` from which a calibrated label counts, from `LOWEST` on.

    Args: as of `platt`, the logits being calibrated;
        speech: `(others, num_labels)` of windows of speech alone, those of labels of speech being minus infinity.
    """
    grid = np.round(np.arange(LOWEST, HIGHEST + 0.005, 0.01), 2)
    chosen = np.full(logits.shape[1], HIGHEST)
    for label in range(logits.shape[1]):
        absent = expit(logits[~unsure[:, label] & ~truth[:, label], label])
        few = (absent[:, None] >= grid).mean(axis=0) <= FALSE_TAGS
        if few.any():
            chosen[label] = grid[few.argmax()]
    silent = np.quantile(expit(speech), 1 - FALSE_TAGS_OF_SPEECH, axis=0, method="higher")
    return np.maximum(chosen, np.minimum(silent + 0.02, 0.98)).round(2)


@torch.no_grad()
def fold(head: TLTRForAudioClassification, scale: np.ndarray, shift: np.ndarray, limits: np.ndarray) -> None:
    """Put a calibration and its thresholds into the head."""
    factor = torch.from_numpy(scale).to(head.classifier.weight)
    head.classifier.weight.mul_(factor[:, None])
    head.classifier.bias.mul_(factor).add_(torch.from_numpy(shift).to(factor))
    head.config.thresholds = {label: float(limit) for label, limit in zip(head.config.labels, limits, strict=True)}


@torch.no_grad()
def restrict(head: TLTRForAudioClassification, labels: list[str]) -> TLTRForAudioClassification:
    """The head with some of its labels, in that order."""
    places = [head.config.labels.index(label) for label in labels]
    values = head.config.to_dict()
    values["id2label"] = dict(enumerate(labels))
    values["label2id"] = {label: place for place, label in enumerate(labels)}
    values["thresholds"] = {label: head.config.thresholds[label] for label in labels}
    smaller = TLTRForAudioClassification(type(head.config)(**values)).eval()
    weights = head.state_dict()
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name][places].clone()
    smaller.load_state_dict(weights)
    return smaller
