"""The optional extras of the package, which some commands need.

The rooms `data`, `features`, `training` and most of `analysis` import them at their tops. So commands that lead there
import those rooms inside, after `need_extra`; all others run where the base requirements are alone.
"""

import importlib.util

from ..errors import InputError

# By extra, modules that the commands import, and the packages that hold them.
_TRAIN = {"datasets": "datasets", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}
_NEEDED = {
    "plot": {"matplotlib": "matplotlib"},
    "train": _TRAIN,
    "analysis": {**_TRAIN, "jiwer": "jiwer"},
    "demo": {"gradio": "gradio"},
    "onnx": {name: name for name in ("onnx", "onnxruntime", "onnxscript")},
    "archive": {"datasets": "datasets"},  # which brings fsspec, filelock and pyarrow
    "ray": {"ray": "ray[data]"},
}


def need_extra(extra: str) -> None:
    """Raise InputError unless the packages of that extra, one of `_NEEDED`, are installed."""
    missing = [package for module, package in _NEEDED[extra].items() if importlib.util.find_spec(module) is None]
    if missing:
        raise InputError(f'This needs {", ".join(missing)}; run pip install "whisper-at-hf[{extra}]".')
