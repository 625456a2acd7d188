"""Macro mAP as an `evaluate` module."""

from whisper_at_hf.metrics import mean_average_precision
from whisper_at_hf.metrics.modules import base


class MeanAveragePrecision(base.TaggingModule):
    description = "Macro mean of the labels' average precisions; labels without positives are left out."

    def _compute(self, predictions, references) -> dict[str, float]:
        return {"map": mean_average_precision(predictions, references)}
