"""All figures of tagging at once as an `evaluate` module."""

from whisper_at_hf.metrics import tagging_metrics
from whisper_at_hf.metrics.modules import base


class TaggingMetrics(base.TaggingModule):
    description = "mAP, AUC, d-prime, accuracy and F1 with the counts of labels scored and left out."
    inputs = base.INPUTS + base.DECISIONS

    def _compute(self, predictions, references, thresholds=None, single_label=False) -> dict[str, float | int]:
        return tagging_metrics(predictions, references, thresholds, single_label)
