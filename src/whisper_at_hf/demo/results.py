"""What the page shows of a pipeline's result."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..captions import format_captions
from ..pictures.page import timeline_page

# The files that are offered, by their suffix; the last one is the result itself.
SUBTITLES = ("srt", "vtt", "ass")
FORMATS = (*SUBTITLES, "json")
# What captions hold: the value, and how the page calls it.
CAPTIONS = (("Speech", "speech"), ("Speech and sounds (SDH)", "sdh"))


def text_of(result: Mapping[str, Any]) -> str:
    """What was said, a line for each chunk where there are chunks."""
    chunks = result.get("chunks") or [{"text": result.get("text", "")}]
    return "\n".join(text for chunk in chunks if (text := chunk["text"].strip()))


def timeline_frame(result: Mapping[str, Any], audio: np.ndarray, title: str) -> str:
    """The clickable timeline with its player, as a frame for a page of others.

    The frame may run its own scripts, and has no access to the page around it, to its visitor's data, nor to any
    other page.

    Args:
        audio: mono float32 `(samples,)` at 16 kHz, which the player plays.
        title: the sound's name.
    """
    page = html.escape(timeline_page(result, audio, title), quote=True)
    return f'<iframe class="whisper-at-timeline" title="Timeline" sandbox="allow-scripts" srcdoc="{page}"></iframe>'


def caption_files(result: Mapping[str, Any], captions: str, name: str) -> dict[str, str]:
    """The text of each file that is offered, by its name.

    Args:
        captions: "speech" or "sdh".
        name: of the file that was heard, such as `talk.mp3`.
    """
    stem = Path(name).stem
    files = {f"{stem}.{format}": format_captions(result, format, captions) for format in SUBTITLES}
    return {**files, f"{stem}.json": json.dumps({"file": name, **result}, ensure_ascii=False, indent=1) + "\n"}
