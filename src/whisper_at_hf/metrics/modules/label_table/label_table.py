"""The scores of every label as an `evaluate` module."""

from whisper_at_hf.metrics import label_table
from whisper_at_hf.metrics.modules import base


class LabelTable(base.TaggingModule):
    description = "One row a label: positives, average precision, AUC, precision, recall, F1 and threshold."
    inputs = base.INPUTS + "    labels: the label names.\n" + base.DECISIONS

    def _compute(self, predictions, references, labels, thresholds=None, single_label=False) -> dict[str, list[dict]]:
        return {"label_table": label_table(predictions, references, labels, thresholds, single_label)}
