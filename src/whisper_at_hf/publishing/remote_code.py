"""The code that a folder needs to load by `trust_remote_code=True` where this package is not installed."""

import json
import shutil
import sys
from pathlib import Path

from transformers.dynamic_module_utils import get_relative_import_files

from ..cards.card import HEAD, MODEL, TAGGER
from ..files import write_json
from ..model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.modeling_whisper_at import (
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
    WhisperATModel,
)

_TAGS_ONLY = {"AutoConfig": WhisperATConfig, "AutoModelForAudioClassification": WhisperATForAudioClassification}
AUTO_CLASSES = {
    MODEL: {
        **_TAGS_ONLY,
        "AutoModel": WhisperATModel,
        "AutoModelForSpeechSeq2Seq": WhisperATForConditionalGeneration,
    },
    TAGGER: _TAGS_ONLY,
    HEAD: {"AutoConfig": TLTRConfig, "AutoModelForAudioClassification": TLTRForAudioClassification},
}
"""What transformers' auto classes find in a folder of each kind."""


def add_remote_code(folder: Path, kind: str) -> None:
    """Copy the modules into a saved folder, and name their classes in the `auto_map` of its config.json.

    `register_for_auto_class` would do so for the class of the saved model alone, and for every later save as well.
    """
    classes = AUTO_CLASSES[kind]
    for module in {cls.__module__ for cls in classes.values()}:
        file = sys.modules[module].__file__
        for needed in {file, *get_relative_import_files(file)}:
            shutil.copyfile(needed, folder / Path(needed).name)
    path = folder / "config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["auto_map"] = {auto: f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}" for auto, cls in classes.items()}
    write_json(path, values)
