"""How good tags are: macro mAP, AUC, d-prime, accuracy and F1, equal to scikit-learn's, and fitted thresholds.

Needs scikit-learn (`pip install "whisper-at-hf[train]"`). The same figures come as an `evaluate` module that
loads without a network: `evaluate.load(metric_path())`.
"""

from .inputs import threshold_row
from .modules import METRIC_MODULES, load_metric, metric_path
from .scores import d_prime, macro_auc, macro_f1, mean_average_precision, tagging_accuracy, tagging_metrics
from .table import label_table
from .thresholds import fit_thresholds

__all__ = [
    "METRIC_MODULES",
    "d_prime",
    "fit_thresholds",
    "label_table",
    "load_metric",
    "macro_auc",
    "macro_f1",
    "mean_average_precision",
    "metric_path",
    "tagging_accuracy",
    "tagging_metrics",
    "threshold_row",
]
