"""How the command line shows and stores results."""

import json
import os
from pathlib import Path, PurePath
from typing import Any, TextIO

from ..captions.formats import FORMATS
from ..captions.markup import clean
from ..errors import InputError
from ..files import make_folder, write_atomically
from .captions import CaptionOptions
from .options import Format
from .places import located, places
from .record import Record

# Formats that stand on the screen one after the other, for many files or for the windows of one.
_SHOWN_ONE_BY_ONE = ("txt", "json")


def format_result(
    source: str, result: dict[str, Any], output_format: str, captions: CaptionOptions | None = None
) -> str:
    """One file's result as a line of JSON, as captions, or as text for people; ends with a newline.

    Raises:
        InputError: captions that cannot be made of it.
    """
    if output_format in FORMATS:
        return (captions or CaptionOptions()).format(result, output_format)
    if output_format == "json":
        return json.dumps({"file": source, **result}, ensure_ascii=False, default=_plain) + "\n"
    lines = []
    if "chunks" in result:
        lines += [f"{_span(chunk['timestamp'])}  {clean(chunk['text'])}" for chunk in result["chunks"]]
    elif "text" in result:
        lines.append(clean(result["text"]) or "(no speech)")
    if lines and "audio_tags" in result:
        lines.append("")
    tags_by_head = result.get("tags_by_head")
    for name, windows in (tags_by_head or {"": result.get("audio_tags", [])}).items():
        lines += [f"# {clean(name)}"] if name else []
        lines += [f"{_span(window['timestamp'])}  {_tags(window['tags'])}{_groups(window)}" for window in windows]
    events_by_head = result.get("events_by_head")
    for name, events in (events_by_head or {"": result.get("audio_events", [])}).items():
        if "audio_events" in result:
            lines += ["", f"# events of {clean(name)}" if name else "# events"]
        lines += [f"{_span(event['timestamp'])}  {_tags([event])}" for event in events]
    return "\n".join(lines) + "\n"


class ResultWriter:
    """Puts results on a stream, or into files that appear whole or not at all.

    Args:
        output: None for `stream`; a path that ends as files of some format do (`.txt`, `.json`, `.srt`, ...) for the
            single file of the run; else a folder, made if missing, that gets `NAME.txt` (or `NAME.json`, ...) for
            every file NAME, see `places`.
        output_format: a value of `Format`.
        sources: all files of the run.
        stream: where results go without `output`.
        captions: how they are made.

    Attributes:
        record: of what is written to the folder, if there shall be one.

    Raises:
        InputError: `output` cannot take the results.
    """

    record: Record | None = None

    def __init__(
        self,
        output: Path | None,
        output_format: str,
        sources: list[str],
        stream: TextIO,
        captions: CaptionOptions | None = None,
    ):
        self.output_format = output_format
        self.suffix = Format(output_format).suffix
        self.captions = captions
        self.stream = stream
        self.many = len(sources) > 1
        self.folder, self.single = None, None
        self._places = places(sources)
        if output is None:
            if self.many and output_format not in _SHOWN_ONE_BY_ONE:
                raise InputError(f"{output_format} is a file for each of the inputs; name a folder with --output.")
            return
        if output.suffix in [form.suffix for form in Format]:
            if self.many:
                raise InputError(f"'{output}' is one file, but {len(sources)} inputs were given; name a folder.")
            if output.suffix != self.suffix:
                raise InputError(f"'{output}' is named for another format; add --format {output.suffix[1:]}.")
            if _is_folder(output):
                raise InputError(f"'{output}' is a folder, but its name is that of a file; name another --output.")
            self.single = output
        else:
            self.folder = output
        self._spare(sources)
        target = make_folder(self.folder or self.single.parent)
        if not os.access(target, os.W_OK):  # rather than at the first result, after its work
            raise InputError(f"'{target}' cannot be written to; name another --output.")

    @property
    def is_stream(self) -> bool:
        """Whether results are shown at once rather than stored in files."""
        return self.single is None and self.folder is None

    @property
    def takes_windows(self) -> bool:
        """Whether windows of one file can be written as they come."""
        return self.is_stream and self.output_format in _SHOWN_ONE_BY_ONE

    def write(self, source: str, result: dict[str, Any]) -> None:
        """Show or store one result now. Raises InputError where it cannot be written."""
        text = format_result(source, result, self.output_format, self.captions)
        if self.is_stream:
            heading = f"== {clean(source)}\n" if self.many and self.output_format == "txt" else ""
            self._show(heading + text + ("\n" if heading else ""))
        elif self.single is not None:
            write_atomically(self.single, text)
        else:
            result = self._result(source)
            make_folder((self.folder / result).parent)
            if self.record is not None:
                self.record.begin(result, source)
            write_atomically(self.folder / result, text)

    def unfinished(self, sources: list[str]) -> list[str]:
        """Those whose results are not there yet, as far as the record says so."""
        return [source for source in sources if not self.record.is_finished(self._result(source), source)]

    def _spare(self, sources: list[str]) -> None:
        """Raise InputError where a result would take the place of an input."""
        written = {located(str(self.single or self.folder / self._result(source))) for source in sources}
        if lost := next((source for source in sources if located(source) in written), None):
            raise InputError(f"'{lost}' is an input, and a result would replace it; name another --output.")

    def _show(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:  # the reader has seen enough, as with head
            raise
        except OSError as error:
            raise InputError(f"Standard output cannot be written ({error.strerror}); use --output.") from error

    def _result(self, source: str) -> PurePath:
        """Its path below the folder."""
        place = self._places.get(source, PurePath(source))  # standard input is no path
        return place.with_name(f"{place.name}{self.suffix}")


def _plain(value: Any) -> Any:
    return value.tolist()


def _tags(tags: list[dict]) -> str:
    return ", ".join(f"{clean(tag['label'])} {tag['score']:.2f}" for tag in tags) or "-"


def _groups(window: dict) -> str:
    return f"  ({_tags(window['groups'])})" if "groups" in window else ""


def _span(timestamp: tuple[float | None, float | None]) -> str:
    start, end = (_clock(seconds) for seconds in timestamp)
    return f"[{start} - {end}]"


def _clock(seconds: float | None) -> str:
    if seconds is None:  # Whisper did not say where the last segment ends
        return "  end  "
    minutes, rest = divmod(round(float(seconds), 1), 60)
    return f"{int(minutes):02d}:{rest:04.1f}"


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({error.strerror}); name another --output.") from error
