"""Macro F1 as an `evaluate` module."""

from whisper_at_hf.metrics import macro_f1
from whisper_at_hf.metrics.modules import base


class TaggingF1(base.TaggingModule):
    description = "Macro mean of the labels' F1 scores; labels without positives are left out."
    inputs = base.INPUTS + base.DECISIONS

    def _compute(self, predictions, references, thresholds=None, single_label=False) -> dict[str, float]:
        return {"f1": macro_f1(predictions, references, thresholds, single_label)}
