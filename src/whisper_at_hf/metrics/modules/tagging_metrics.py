"""All figures of tagging as a metric of `evaluate`, which copies this file: hence no relative imports."""

from typing import Any

import datasets
import evaluate

from whisper_at_hf.metrics import label_table, tagging_metrics

DESCRIPTION = "mAP, AUC, d-prime, accuracy and F1 with the counts of labels scored and left out; on request by label."
INPUTS = """
Args:
    predictions: scores, one row of `num_labels` numbers per clip.
    references: targets, one row of `num_labels` zeros and ones per clip.
    thresholds: the score from which a label counts as heard, one number or one a label (0.25).
    single_label: every clip has exactly one label, and the best score decides.
    labels: the label names; adds `label_table`, a row a label with its positives, average precision, AUC, precision,
        recall, F1 and threshold.
"""
CITATION = """@inproceedings{gong2023whisperat,
  title={Whisper-AT: Noise-Robust Automatic Speech Recognizers are Also Strong General Audio Event Taggers},
  author={Gong, Yuan and Khurana, Sameer and Karlinsky, Leonid and Glass, James},
  booktitle={Interspeech},
  year={2023}
}"""


class TaggingMetrics(evaluate.Metric):
    """`tagging_metrics` and `label_table` on rows that come batch by batch."""

    def _info(self) -> evaluate.MetricInfo:
        # float64 throughout: float32 scores would not give scikit-learn's figures, and integer targets would turn
        # a wrong 0.5 into 0 before it can be refused.
        row = datasets.List(datasets.Value("float64"))
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": row, "references": row}),
        )

    def _compute(self, predictions, references, thresholds=None, single_label=False, labels=None) -> dict[str, Any]:
        figures = tagging_metrics(predictions, references, thresholds, single_label, labels)
        if labels is None:
            return figures
        return {**figures, "label_table": label_table(predictions, references, labels, thresholds, single_label)}
