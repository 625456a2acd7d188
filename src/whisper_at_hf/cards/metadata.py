"""What the hub demands of a card's metadata, checked without a network.

The hub's own check (`huggingface_hub.ModelCard.validate`) asks its server. Source of the fields:
https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

import math
import re
from typing import Any

from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.utils import HFValidationError, validate_repo_id

from ..errors import InputError, first_line

# https://huggingface.co/docs/hub/repositories-licenses: those that people give audio models.
LICENCES = {
    *("apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "openrail", "gpl-3.0", "lgpl-3.0", "agpl-3.0"),
    *("mpl-2.0", "isc", "unlicense", "cc", "cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"),
    *("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "gpl", "gpl-2.0", "lgpl", "lgpl-2.1", "unknown", "other"),
}
# https://huggingface.co/tasks: those of sound.
TASKS = {
    *("audio-classification", "automatic-speech-recognition", "audio-to-audio", "text-to-speech", "text-to-audio"),
    *("voice-activity-detection", "feature-extraction"),
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)*|multilingual")


def check_card(text: str) -> ModelCardData:
    """The metadata of a card that the hub would take.

    Raises:
        InputError: there are none, they do not come back the same from huggingface_hub, or a value is one that the
            hub refuses; the message names it.
    """
    try:
        data = ModelCard(text).data
        again = ModelCard(f"---\n{data.to_yaml()}\n---\n").data
    except Exception as error:  # of YAML, and of huggingface_hub's readers
        raise InputError(f"The card's metadata cannot be read ({first_line(error)}); correct README.md.") from error
    if wrong := [*_wrong_fields(data), *_wrong_scores(data)]:
        raise InputError(f"The card's metadata are refused by the hub: {'; '.join(wrong)}.")
    if again.to_dict() != data.to_dict():
        raise InputError("The card's metadata are read back differently than they were written; use plain values.")
    return data


def _wrong_fields(data: ModelCardData) -> list[str]:
    wrong = [f"{name} is missing" for name in ("library_name", "pipeline_tag", "tags") if not getattr(data, name)]
    if data.license is not None and data.license not in LICENCES:
        wrong.append(
            f'license is {data.license!r}, not an identifier such as "apache-2.0" ("other" with license_name)'
        )
    if data.license == "other" and not data.license_name:
        wrong.append("license is other, but license_name is missing")
    if data.pipeline_tag and data.pipeline_tag not in TASKS:
        wrong.append(f"pipeline_tag is {data.pipeline_tag!r}, not one of {', '.join(sorted(TASKS))}")
    wrong += [f"language {code!r} is no code" for code in _listed(data.language) if not _matches(_LANGUAGE, code)]
    for name in ("tags", "metrics", "datasets"):
        values = _listed(getattr(data, name))
        wrong += [f"{name} has {value!r}, no text" for value in values if not isinstance(value, str) or not value]
    for model in _listed(data.base_model):
        try:
            validate_repo_id(model)
        except HFValidationError:
            wrong.append(f"base_model {model!r} is no hub id")
    return wrong


def _wrong_scores(data: ModelCardData) -> list[str]:
    if data.eval_results and not data.model_name:
        return ["model-index has no name"]
    wrong = []
    for result in data.eval_results or []:
        where = f"the score {result.metric_name or result.metric_type!r}"
        for name in ("task_type", "dataset_type", "dataset_name", "metric_type"):
            if not isinstance(getattr(result, name), str) or not getattr(result, name):
                wrong.append(f"{where} lacks its {name}")
        if result.task_type not in TASKS:
            wrong.append(f"{where} is of task {result.task_type!r}")
        if isinstance(result.metric_value, bool) or not isinstance(result.metric_value, (int, float)):
            wrong.append(f"{where} is {result.metric_value!r}, no number")
        elif not math.isfinite(result.metric_value):
            wrong.append(f"{where} is not finite")
        if result.source_url is not None and not result.source_url.startswith("https://"):
            wrong.append(f"{where} has a source that is no https address")
    return wrong


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _matches(pattern: re.Pattern, value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
