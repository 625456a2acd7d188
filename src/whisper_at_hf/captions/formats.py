"""Captions as text of the formats that players, editors and spreadsheets read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import InputError
from .cue import Cue
from .cues import SPEECH, make_cues
from .markup import clean, escaped
from .result_checks import check_result
from .rules import CaptionRules
from .speech import speech_chunks
from .splitting import one_line

SUBTITLES = ("srt", "vtt", "ass")
FORMATS = (*SUBTITLES, "tsv", "audacity")
# Seconds that the clocks of the formats end at: 9:59:59.99 and 99:59:59.999.
_CLOCK_ENDS = {"ass": 36_000, "srt": 360_000, "vtt": 360_000}


def format_captions(
    result: Mapping[str, Any],
    format: str,
    captions: str = SPEECH,
    *,
    rules: CaptionRules | None = None,
    wording: Mapping[str, str] | None = None,
    highlight_words: bool = False,
) -> str:
    """A result of the pipeline as the text of a file.

    Args:
        result: the pipeline's for one file.
        format: "srt", "vtt", "ass", "tsv" (as Whisper writes it: start and end in milliseconds, text), or "audacity"
            (a label track of speech as it was timed, and of all sound events by their labels).
        captions: "speech" or "sdh", as of `make_cues`; not used for "audacity".
        rules: as of `make_cues`.
        wording: as of `make_cues`.
        highlight_words: underline each word while it is said, as Whisper's own option of this name does, in "srt",
            "vtt" and "ass"; the result has to have times of words.

    Raises:
        InputError: an unknown format, or a result without what it needs.
    """
    if format not in FORMATS:
        raise InputError(f"format={format!r} is no format of captions; use one of {', '.join(FORMATS)}.")
    if highlight_words and format not in SUBTITLES:
        raise InputError(f"highlight_words cannot be shown in {format}; use one of {', '.join(SUBTITLES)}.")
    if format == "audacity":
        return _label_track(result)
    cues = make_cues(result, captions, rules, wording)
    if format == "tsv":
        rows = [(round(1000 * cue.start), round(1000 * cue.end), one_line(cue.text)) for cue in cues]
        return "".join("\t".join(map(str, row)) + "\n" for row in [("start", "end", "text"), *rows])
    if cues and cues[-1].end >= _CLOCK_ENDS[format]:
        hours = _CLOCK_ENDS[format] // 3600
        raise InputError(f"The clock of {format} ends at {hours} hours, before these captions do; cut the file.")
    return _subtitles(cues, format, highlight_words)


def _label_track(result: Mapping[str, Any]) -> str:
    """https://manual.audacityteam.org/man/importing_and_exporting_labels.html"""
    check_result(result)
    if result.get("audio_events") is None:
        raise InputError("This result has no sound events to label; ask for them with return_events=True.")
    speech = speech_chunks(result) if result.get("chunks") is not None else []
    rows = [(chunk.start / 100, chunk.end / 100, chunk.text) for chunk in speech]
    rows += [(*event["timestamp"], clean(event["label"])) for event in result["audio_events"]]
    return "".join(f"{start:.6f}\t{end:.6f}\t{text}\n" for start, end, text in sorted(rows, key=lambda row: row[:2]))


def _subtitles(cues: Sequence[Cue], format: str, highlight_words: bool) -> str:
    import pysubs2

    if highlight_words and not any(cue.words for cue in cues) and any(cue.kind == SPEECH for cue in cues):
        raise InputError(
            "highlight_words needs the times of words, which this result lacks; use return_timestamps='word'."
        )
    file = pysubs2.SSAFile()
    for cue in cues:
        shown = _highlighted(cue, format) if highlight_words else [(cue.start, cue.end, escaped(cue.text, format))]
        file.events += [pysubs2.SSAEvent(round(1000 * start), round(1000 * end), text) for start, end, text in shown]
    return file.to_string(format)


def _highlighted(cue: Cue, format: str) -> Iterator[tuple[float, float, str]]:
    """The cue's time cut at its words: in each part its whole text, and the word that is said underlined."""
    plain, now = escaped(cue.text, format), cue.start
    for word in cue.words:
        start, end = max(word.start, now), min(word.end, cue.end)
        if start >= end:  # Whisper gave it no time, or the cue is shown after it was said
            continue
        if now < start:
            yield now, start, plain
        before, said, after = (
            escaped(part, format)
            for part in (cue.text[: word.first], cue.text[word.first : word.stop], cue.text[word.stop :])
        )
        yield start, end, f"{before}{{\\u1}}{said}{{\\u0}}{after}"
        now = end
    if now < cue.end:
        yield now, cue.end, plain
