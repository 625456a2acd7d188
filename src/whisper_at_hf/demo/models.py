"""The models that visitors may choose from: loaded once, used by one visitor at a time."""

import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..conversion.default_model import default_model_path
from ..errors import InputError
from ..pipeline.loading import check_language, load_pipeline

EMBEDDED = "Whisper tiny.en (embedded)"
# Stands for no language given, in a choice whose other values are codes such as "de".
DETECTED = "detect"


class DemoModel:
    """A loaded model.

    Attributes:
        name: as the page shows it.
        heads: the names of its tagging heads, the default one first.
        languages: `(name, code)` of each language that can be asked for, the one to begin with first; none for a
            model that only tags.
    """

    def __init__(self, name: str, pipe: Any):
        self.name, self.pipe = name, pipe
        config = pipe.model.config
        self.heads = sorted(config.heads, key=lambda head: head != config.default_head)
        self.languages = _languages(pipe.model)
        self._free = threading.Lock()

    @property
    def sampling_rate(self) -> int:
        """Of the sound that the model hears, in Hz."""
        return self.pipe.feature_extractor.sampling_rate

    def listen(self, sound: Any, head: str, language: str | None, **parameters: Any) -> dict[str, Any]:
        """The pipeline's result, its tags those of `head`; waits until the model is free.

        Args:
            sound: anything that the pipeline takes.
            head: one of `heads`.
            language: a code of `languages`.
            parameters: further ones of the pipeline's call.

        Raises:
            InputError: as the pipeline.
        """
        generate_kwargs = {} if language in (None, DETECTED) else {"language": language}
        if self.languages:
            check_language(self.pipe, generate_kwargs)
            parameters = {**parameters, "generate_kwargs": generate_kwargs}
        with self._free:
            if head == self.heads[0]:
                return self.pipe(sound, **parameters)
            return _as_of(head, self.pipe(sound, heads=[head], **parameters))

    @property
    def is_busy(self) -> bool:
        """Whether another visitor's sound is being worked on."""
        return self._free.locked()


class DemoModels:
    """The models of a page, by the names that it shows."""

    def __init__(self, models: Sequence[DemoModel]):
        self._by_name = {model.name: model for model in models}

    @property
    def names(self) -> list[str]:
        """Of all models, the one to begin with first."""
        return list(self._by_name)

    def __getitem__(self, name: str) -> DemoModel:
        """The model of that name. Raises InputError where there is none."""
        if name not in self._by_name:
            raise InputError(f"There is no model {name!r} here; choose one of {', '.join(self.names)}.")
        return self._by_name[name]


def load_models(sources: Sequence[str] = (), device: str | None = None, dtype: str = "auto") -> DemoModels:
    """Load these folders or hub ids, and the embedded default model, which comes last.

    The embedded one may be missing where others are named.

    Raises:
        InputError: a model that cannot be loaded, or no list of models.
    """
    sources = model_names(sources)
    shown = {EMBEDDED}
    models = [DemoModel(_shown_name(source, shown), load_pipeline(source, device, dtype)) for source in sources]
    try:
        models.append(DemoModel(EMBEDDED, load_pipeline(str(default_model_path()), device, dtype)))
    except InputError:
        if not models:
            raise
    return DemoModels(models)


def model_names(models: Iterable[str | os.PathLike]) -> list[str]:
    """Each of these folders or hub ids once, as texts. Raises InputError for what is no list of such."""
    if isinstance(models, str | os.PathLike) or not isinstance(models, Iterable):
        raise InputError(f"models is a {type(models).__name__}; pass a list of folders or hub ids.")
    models = list(models)
    for model in models:
        if not isinstance(model, str | os.PathLike):
            raise InputError(f"models has a {type(model).__name__} in it; pass a list of folders or hub ids.")
    return list(dict.fromkeys(map(os.fspath, models)))


def _shown_name(source: str, taken: set[str]) -> str:
    """A hub id, or the last part of a folder: where it lies is no visitor's business."""
    name = base = Path(source).resolve().name if os.path.isdir(source) else source
    number = 1
    while name in taken:
        number += 1
        name = f"{base} ({number})"
    taken.add(name)
    return name


def _as_of(head: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result that has those of `head` beside the default head's, as if `head` were the default one."""
    for shown, by_head in (("audio_tags", "tags_by_head"), ("audio_events", "events_by_head")):
        if by_head in result:
            result[shown] = result.pop(by_head)[head]
    # These are the default head's alone.
    result.pop("event_scores", None)
    for chunk in result.get("chunks", []):
        chunk.pop("tags", None)
    return result


def _languages(model: Any) -> list[tuple[str, str]]:
    from transformers.models.whisper.tokenization_whisper import LANGUAGES

    if not model.can_generate():
        return []
    tokens = getattr(model.generation_config, "lang_to_id", None) or {}
    if not getattr(model.generation_config, "is_multilingual", bool(tokens)):
        return [("English", "en")]
    codes = [token.strip("<|>") for token in tokens]
    return [("Detect", DETECTED), *sorted((LANGUAGES.get(code, code).title(), code) for code in codes)]
