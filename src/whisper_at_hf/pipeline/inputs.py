"""What users hand to the pipeline, in the forms that transformers' pipelines iterate over."""

import sys
from collections.abc import Iterator
from typing import Any

from ..errors import InputError


def as_pipeline_input(inputs: Any) -> Any:
    """Turn tuples into lists, and `datasets` datasets into a generator over their audio column; leave the rest.

    `datasets` decodes audio with torchcodec, which may be missing; our own decoder reads the file or bytes instead.
    """
    if isinstance(inputs, tuple):
        return list(inputs)
    # A dataset can only come from an imported library, so there is no need to import it here.
    datasets = sys.modules.get("datasets")
    if datasets is not None and isinstance(inputs, (datasets.Dataset, datasets.IterableDataset)):
        return _audio_column(inputs, datasets)
    return inputs


def _audio_column(dataset: Any, datasets: Any) -> Iterator[Any]:
    features = dataset.features or {}
    audio = [name for name, feature in features.items() if isinstance(feature, datasets.Audio)]
    column = "audio" if "audio" in features else next(iter(audio), None)
    if column is None:
        raise InputError(
            f"The dataset has no audio column, only {', '.join(features) or 'columns of unknown type'}; "
            "cast one with dataset.cast_column(name, datasets.Audio())."
        )
    if column in audio:
        dataset = dataset.cast_column(column, datasets.Audio(decode=False))
    return (row[column] for row in dataset)
