"""Accuracy of tags as an `evaluate` module."""

from whisper_at_hf.metrics import tagging_accuracy
from whisper_at_hf.metrics.modules import base


class TaggingAccuracy(base.TaggingModule):
    description = "Share of clips whose labels are all right at their thresholds, or whose best label is right."
    inputs = base.INPUTS + base.DECISIONS

    def _compute(self, predictions, references, thresholds=None, single_label=False) -> dict[str, float]:
        return {"accuracy": tagging_accuracy(predictions, references, thresholds, single_label)}
