"""The metrics as a module of Hugging Face's `evaluate`, kept as a local script, so that it loads without a network."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError

if TYPE_CHECKING:
    import evaluate

METRIC_MODULES = ("tagging_metrics",)


def metric_path(name: str = "tagging_metrics") -> str:
    """The script of a metric, for `evaluate.load`. Raises InputError if there is none of that name."""
    if name not in METRIC_MODULES:
        raise InputError(f"There is no metric {name!r}; use {', '.join(METRIC_MODULES)}, which gives all figures.")
    return str(Path(__file__).parent / f"{name}.py")


def load_metric(name: str = "tagging_metrics", **kwargs) -> "evaluate.Metric":
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
