"""What captions for deaf and hard-of-hearing viewers call a label: "Dog" is "dog barking".

`caption_words.csv` holds for each of AudioSet's labels the words, and what kind of sound it is. It is written by hand
as the guides for captions ask: a source and what it does, in the present participle, lower case but for names ("French
horn playing"), short. No words stand for labels that repeat the speech in the text ("Conversation") or tell a viewer
nothing ("Inside, small room"). The guides: DCMP Captioning Key, "Sound Effects and Music"
(https://dcmp.org/learn/captioningkey/602); BBC Subtitle Guidelines, "Sounds" and "Music"
(https://www.bbc.co.uk/accessibility/forproducts/guides/subtitles/); Netflix English Timed Text Style Guide
(https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977).
"""

import csv
import json
import os
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from reprlib import repr as short_repr
from typing import Literal, NamedTuple

from ..errors import InputError, first_line

Kind = Literal["speech", "sound", "music"]

# Categories of Unicode that break the lines of a caption file, or its bytes: control characters, separators of lines
# and of paragraphs, halves of surrogate pairs. Joiners and marks of direction (Cf) are part of many languages.
_UNFIT = {"Cc", "Zl", "Zp", "Cs"}


class CaptionWords(dict[str, str]):
    """Words by label; `words[label]` of a label without any (one that a user trained) is its name in lower case."""

    def __missing__(self, label: str) -> str:
        return " ".join(label.lower().split())


class _Row(NamedTuple):
    words: str
    kind: Kind


@cache
def _rows() -> dict[str, _Row]:
    text = (files(__package__) / "caption_words.csv").read_text(encoding="utf-8")
    return {row["label"]: _Row(row["words"], row["kind"]) for row in csv.DictReader(text.splitlines())}


def caption_words(overrides: Mapping[str, str] | None = None, name: str = "overrides") -> CaptionWords:
    """What captions call each label.

    Args:
        overrides: other words for some labels, such as `{"Dog": "Hund bellt"}`, of AudioSet or of a user's own; ""
            keeps a label out of captions.
        name: what errors call them.

    Returns:
        the words by AudioSet's display name and by the names in `overrides`.

    Raises:
        InputError: overrides that are no words by label, or with a line break or other control character.
    """
    words = CaptionWords({label: row.words for label, row in _rows().items()})
    if overrides is not None and not isinstance(overrides, Mapping):
        raise InputError(
            f"{name}={short_repr(overrides)} are no words by label; use a dict such as {{'Dog': 'woof'}}."
        )
    for label, own in (overrides or {}).items():
        words[label] = _checked(label, own, name)
    return words


def label_kind(label: str) -> Kind:
    """Whether a label is "music", "speech" (which the text says better) or another "sound", as unknown ones are.

    Music is what AudioSet has below "Music" and "Singing", but bells.
    """
    row = _rows().get(label)
    return row.kind if row else "sound"


def read_wording(path: str | os.PathLike) -> dict[str, str]:
    """Read a user's own words, to be passed to `caption_words`.

    Args:
        path: a CSV file in UTF-8 with a header `label,words` (more columns are ignored), or a JSON object of words by
            label.

    Raises:
        InputError: the file cannot be read, is neither of the two, or has words that `caption_words` refuses.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8-sig", newline="") as file:  # Excel starts files with a byte order mark
            text = file.read()
        pairs = json.loads(text).items() if text.lstrip().startswith("{") else list(_csv_pairs(text, name))
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(f"{name!r} is not in UTF-8: save it as CSV UTF-8.") from error
    except OSError as error:
        raise InputError(
            f"{name!r} cannot be read ({error.strerror or first_line(error)}): check the path."
        ) from error
    except csv.Error as error:
        raise InputError(f"{name!r} is no CSV file ({error}): correct it.") from error
    except (ValueError, RecursionError) as error:  # ValueError by itself: a number of thousands of digits
        raise InputError(f"{name!r} is no JSON object ({first_line(error)}): correct it.") from error
    return {label: _checked(label, words, repr(name)) for label, words in pairs}


def _csv_pairs(text: str, name: str) -> Iterator[tuple[str, str]]:
    """The label and the words of every line that is not blank."""
    reader = csv.reader(StringIO(text, newline=""))
    header = [cell.strip() for cell in next(reader, [])]
    if not {"label", "words"} <= set(header):
        raise InputError(f"{name!r} has no columns 'label' and 'words': give it that header, or pass a JSON object.")
    for row in filter(None, reader):
        if len(row) != len(header):
            raise InputError(
                f"{name!r}, line {reader.line_num}: {len(row)} cells under a header of {len(header)}: put cells that "
                "hold a comma in quotes."
            )
        cells = dict(zip(header, map(str.strip, row), strict=True))
        yield cells["label"], cells["words"]


def _checked(label: str, words: str, where: str) -> str:
    shown = short_repr(label)
    if not isinstance(label, str) or not label.strip():
        raise InputError(f"{where}: {shown} is no label; name one, such as 'Dog'.")
    if not isinstance(words, str):
        raise InputError(f"{where}: the words of {shown} are {short_repr(words)}; give text, or '' to leave it out.")
    if any(unicodedata.category(character) in _UNFIT for character in words):
        raise InputError(f"{where}: the words of {shown} hold a line break or control character; write one line.")
    return words.strip()
