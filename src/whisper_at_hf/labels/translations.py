"""AudioSet's labels in other languages, where the original Whisper-AT is installed, which has them.

PyPI's `whisper-at` 0.5 (https://github.com/YuanGongND/whisper-at) holds `label_name_dict.json`, the names in 85
languages as machines translated them. They are read where they lie: nothing of them is part of this package, and the
other package is not imported.
"""

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ..errors import InputError

DISTRIBUTION = "whisper-at"
NAMES_FILE = "whisper_at/assets/label_name_dict.json"


def translated_names(language: str | None) -> dict[str, str] | None:
    """The names of AudioSet's labels in a language.

    Args:
        language: a code or name as Whisper has them, "de" or "german"; None where it is not known.

    Returns:
        the translated name by AudioSet's display name; None where `whisper-at` is not installed or lacks the language.

    Raises:
        InputError: the installed package is damaged.
    """
    try:
        path = distribution(DISTRIBUTION).locate_file(NAMES_FILE)
    except PackageNotFoundError:
        return None
    if language is None or not path.is_file():  # other versions have no such file
        return None
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    language = language.lower()
    names = _read_names(path)
    translated = names.get(TO_LANGUAGE_CODE.get(language, language))
    return translated and dict(zip(names["en"], translated, strict=True))


@cache
def _read_names(path: Path) -> dict[str, list[str]]:
    """The names of all labels by language, in one order."""
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
        if any(len(translated) != len(names["en"]) for translated in names.values()):
            raise ValueError("languages of different lengths")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        fix = "run pip install --force-reinstall --no-deps whisper-at==0.5"
        raise InputError(f"'{path}' holds no names of labels in several languages; {fix}.") from error
    return names
