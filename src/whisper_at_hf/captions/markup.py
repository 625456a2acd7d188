"""Text that cannot break out of where it is shown: players, editors, terminals.

`clean` is for all of them; `escaped` is for one format. What a viewer sees stays what was said: where a format has no
escapes, an invisible word joiner takes apart what the format would read as markup, which is how ffmpeg writes
backslashes in ASS. No format lets curly braces be escaped so that all players agree; their wide twins stand in.
"""

import re
import unicodedata

JOINER = "\u2060"
# Embeddings, overrides and isolates, which turn what follows around; the marks (LRM, RLM, ALM) stay, and so do the
# joiners that Persian, Hindi and emoji need. Our own joiner is left out, so that it can be told from text.
_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\u2060\ufeff\U000e0001]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WIDE_BRACES = str.maketrans("{}", "｛｝")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# What readers of SRT and VTT take for tags, arrows, times, and the number of the next cue.
_TAG = re.compile(r"<(?=\s*/?\s*[A-Za-z!])")
_ARROW = re.compile(r"--(?=>)")
_TIME = re.compile(r"(?<=\d:\d\d)(?=[.,]\d)|(?<=\d:\d)(?=[.,]\d)")
_NUMBER_LINE = re.compile(r"(?<=\n)(\d+)$", re.MULTILINE)


def clean(text: str) -> str:
    """Plain text on one line: no control characters, no overridden direction, nothing that UTF-8 cannot hold."""
    text = _INVISIBLE.sub("", _LONE_SURROGATE.sub("\ufffd", text))
    visible = (char for char in text if char.isspace() or unicodedata.category(char) != "Cc")
    return " ".join("".join(visible).split())


def escaped(text: str, format: str) -> str:
    """Clean text with newlines as pysubs2 takes it, so that "srt", "vtt" or "ass" show it as it is."""
    text = text.replace("\\", "\\" + JOINER).translate(_WIDE_BRACES)
    if format == "vtt":
        text = text.translate(_ENTITIES)
    if format == "srt":
        text = _ARROW.sub("--" + JOINER, _TAG.sub("<" + JOINER, text))
    if format != "ass":
        text = _NUMBER_LINE.sub(r"\1" + JOINER, _TIME.sub(JOINER, text))
    return text.replace("\n", "\\N")
