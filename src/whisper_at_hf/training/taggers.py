"""Models that can teach: anything that gives the probabilities of labels in a clip."""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification, PreTrainedConfig

from ..errors import InputError, first_line
from ..model.complete_loading import load_complete
from ..model.tagging import logits_to_scores

MULTI_LABEL = "multi_label_classification"


class Tagger(Protocol):
    """What teaches.

    Attributes:
        labels: names in the order of its probabilities.
        sampling_rate: Hz that it listens at.
    """

    labels: Sequence[str]
    sampling_rate: int

    def __call__(self, clips: list[np.ndarray]) -> np.ndarray:
        """Probabilities `(clips, num_labels)` from 0 to 1 of clips, each mono float32 `(samples,)`."""
        ...


class TransformersTagger:
    """Any audio classification model of transformers, with its feature extractor.

    Args:
        path: folder or hub id, such as "MIT/ast-finetuned-audioset-10-10-0.4593" or one of our models.
        device: of the model, the CPU if None.
        problem_type: "multi_label_classification" for sigmoids, "single_label_classification" for softmax; by default
            as the model's configuration says, and sigmoids where it does not, as with those published for AudioSet.

    Raises:
        InputError: there is no such model, or its weights or label names are not complete.
    """

    def __init__(self, path: str | Path, device: str | None = None, problem_type: str | None = None):
        try:
            self.extractor = AutoFeatureExtractor.from_pretrained(path, trust_remote_code=False)
            options = {"dtype": torch.float32, "trust_remote_code": False}
            self.model = load_complete(AutoModelForAudioClassification, path, **options).eval()
        except InputError:
            raise
        except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
            raise InputError(
                f"'{path}' is no audio classification model that can be opened ({first_line(error)}); "
                "name its folder or hub id."
            ) from error
        self.model.to(device or "cpu")
        self.problem_type = problem_type or self.model.config.problem_type or MULTI_LABEL
        self.sampling_rate = self.extractor.sampling_rate
        self.labels = label_names(self.model.config, path)

    @torch.no_grad()
    def __call__(self, clips: list[np.ndarray]) -> np.ndarray:
        """Probabilities `(clips, num_labels)`."""
        inputs = self.extractor(clips, sampling_rate=self.sampling_rate, padding=True, return_tensors="pt")
        name = self.model.main_input_name if self.model.main_input_name in inputs else next(iter(inputs))
        logits = self.model(inputs[name].to(self.model.device)).logits.float().cpu()
        return logits_to_scores(logits.double(), self.problem_type).numpy()


def label_names(config: PreTrainedConfig, path: str | Path) -> list[str]:
    """The names of a classifier's labels in the order of its logits. Raises InputError if one has none."""
    names = config.id2label
    if missing := [index for index in range(config.num_labels) if index not in names]:
        raise InputError(f"'{path}' has no name for label {missing[0]}; complete id2label in its config.json.")
    return [names[index] for index in range(len(names))]


def load_tagger(spec: str) -> Tagger:
    """A tagger in Python code: `module:name`, or `file.py:name`; a class or function without arguments is called.

    That code is run: name only what you trust.

    Raises:
        InputError: there is no such code, it fails, or what it gives is no `Tagger`.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise InputError(f"--tagger {spec!r} does not name code; use module:name or file.py:name.")
    module = _module(place)
    if not hasattr(module, name):
        raise InputError(f"{place} has no {name!r}; name what it has after the colon.")
    tagger = getattr(module, name)
    if not _is_tagger(tagger) or isinstance(tagger, type):
        try:
            tagger = tagger()
        except InputError:
            raise
        except Exception as error:  # whatever a user's own code raises
            raise InputError(f"{spec} failed ({type(error).__name__}: {first_line(error)}); mend it.") from error
    if not _is_tagger(tagger):
        raise InputError(f"{spec} is no tagger; it needs `labels`, `sampling_rate` and a call with a list of clips.")
    return tagger


def _module(place: str) -> Any:
    try:
        if not place.endswith(".py"):
            return importlib.import_module(place)
        spec = importlib.util.spec_from_file_location(Path(place).stem, place)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    except Exception as error:  # whatever importing a user's own code raises
        raise InputError(f"{place} cannot be imported ({type(error).__name__}: {first_line(error)}).") from error


def _is_tagger(thing: Any) -> bool:
    return callable(thing) and hasattr(thing, "labels") and hasattr(thing, "sampling_rate")
