"""What the `evaluate` modules of this package have in common: rows of scores and targets, and their description."""

import datasets
import evaluate

INPUTS = """
Args:
    predictions: scores, one row of `num_labels` numbers per clip.
    references: targets, one row of `num_labels` zeros and ones per clip.
"""
DECISIONS = """    thresholds: the score from which a label counts as heard, one number or one a label (0.25).
    single_label: every clip has exactly one label, and the best score decides.
"""
CITATION = """@inproceedings{gong2023whisperat,
  title={Whisper-AT: Noise-Robust Automatic Speech Recognizers are Also Strong General Audio Event Taggers},
  author={Gong, Yuan and Khurana, Sameer and Karlinsky, Leonid and Glass, James},
  booktitle={Interspeech},
  year={2023}
}"""


class TaggingModule(evaluate.Metric):
    """A metric on score rows; a subclass gives `description`, `inputs` and `_compute`."""

    description: str
    inputs: str = INPUTS

    def _info(self) -> evaluate.MetricInfo:
        # float64 throughout: float32 scores would not give scikit-learn's figures, and integer targets would turn
        # a wrong 0.5 into 0 before it can be refused.
        row = datasets.List(datasets.Value("float64"))
        return evaluate.MetricInfo(
            description=self.description,
            citation=CITATION,
            inputs_description=self.inputs,
            features=datasets.Features({"predictions": row, "references": row}),
        )
