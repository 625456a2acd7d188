"""Macro AUC as an `evaluate` module."""

from whisper_at_hf.metrics import macro_auc
from whisper_at_hf.metrics.modules import base


class MacroAuc(base.TaggingModule):
    description = "Macro mean of the labels' areas under the ROC curve; labels without positives are left out."

    def _compute(self, predictions, references) -> dict[str, float]:
        return {"auc": macro_auc(predictions, references)}
