"""The metrics as modules of Hugging Face's `evaluate`, kept as local scripts, so that they load without a network."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError

if TYPE_CHECKING:
    import evaluate

METRIC_MODULES = (
    "d_prime",
    "label_table",
    "macro_auc",
    "mean_average_precision",
    "tagging_accuracy",
    "tagging_f1",
    "tagging_metrics",
)


def metric_path(name: str) -> str:
    """The script of a metric, for `evaluate.load`. Raises InputError if there is none of that name."""
    if name not in METRIC_MODULES:
        raise InputError(f"There is no metric {name!r}; use one of {', '.join(METRIC_MODULES)}.")
    return str(Path(__file__).parent / name / f"{name}.py")


def load_metric(name: str, **kwargs) -> "evaluate.Metric":
    """`evaluate.load` of one of `METRIC_MODULES`; `kwargs` as there, such as `num_process` and `process_id`.

    Raises:
        InputError: no metric of that name, or `evaluate` is not installed.
    """
    path = metric_path(name)
    try:
        import evaluate
    except ImportError:
        raise InputError('load_metric needs evaluate; run pip install "whisper-at-hf[train]".') from None
    return evaluate.load(path, **kwargs)
