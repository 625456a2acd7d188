"""The microphone, live: text and tags while somebody speaks."""

from pathlib import Path
from typing import Any

import numpy as np

from ..audio.media import decode
from .library import import_gradio
from .limits import Limits
from .live import LiveTranscript
from .models import DemoModels
from .sentences import in_sentences

# How often the microphone sends what it has, and the page asks for what was heard, in seconds.
EVERY_SECONDS = 1.0
# Visitors whose microphones may run at a time.
MAX_SESSIONS = 4
HINT = "The line that is growing may change; it is final when the next one begins."


def add_live_tab(models: DemoModels, limits: Limits, choice: list[Any]) -> None:
    """Put the tab on the page that is being built.

    Args:
        choice: the components for model, head and language.
    """
    gr = import_gradio()
    # Each visitor's own; changed in place, since sound comes while the model is at work.
    live = gr.State(LiveTranscript())
    microphone = gr.Audio(
        label="Microphone", sources=["microphone"], type="filepath", streaming=True, buttons=[], elem_id="microphone"
    )
    page = gr.HTML(LiveTranscript().as_html(), label="Heard", elem_id="live")
    with gr.Row():
        gr.Markdown(HINT, elem_classes="whisper-at-hint")
        clear = gr.Button("Clear", size="sm", scale=0, min_width=120)
    timer = gr.Timer(EVERY_SECONDS, active=False)

    @in_sentences
    def add_sound(sound: str | None, live: LiveTranscript) -> None:
        """Take the next second of the microphone."""
        if sound is None:
            return
        path = Path(sound)
        try:
            with path.open("rb") as file:
                blocks = list(decode(file, "the microphone's sound"))
            live.add(blocks[0][0], np.concatenate([samples for _, samples in blocks]), limits.max_seconds)
        except FileNotFoundError:
            pass  # gradio keeps equal pieces in one file: this is the silence that was here just now
        finally:
            path.unlink(missing_ok=True)

    def hear(live: LiveTranscript, model: str, head: str, language: str | None) -> str:
        chosen = models[model]
        live.update(lambda sound: chosen.listen(sound, head, language))
        return live.as_html()

    @in_sentences
    def follow(live: LiveTranscript, model: str, head: str, language: str | None) -> Any:
        """Text and tags so far, as HTML; the same as before where the model is busy with other sound."""
        return gr.skip() if models[model].is_busy else hear(live, model, head, language)

    @in_sentences
    def finish(live: LiveTranscript, model: str, head: str, language: str | None) -> tuple[str, Any]:
        """Text and tags of all that the microphone has given, as HTML."""
        return hear(live, model, head, language), gr.Timer(active=False)

    @in_sentences
    def forget() -> tuple[LiveTranscript, str]:
        """Begin anew."""
        return LiveTranscript(), LiveTranscript().as_html()

    # The page's own: gradio's clients have no microphones.
    quietly = {"api_visibility": "undocumented", "show_progress": "hidden"}
    microphone.start_recording(lambda: gr.Timer(active=True), None, timer, queue=False, api_visibility="private")
    microphone.stream(
        add_sound,
        [microphone, live],
        None,
        api_name="live_sound",
        stream_every=EVERY_SECONDS,
        time_limit=int(limits.max_seconds) + 1,
        concurrency_limit=MAX_SESSIONS,
        **quietly,
    )
    timer.tick(follow, [live, *choice], page, api_name="live_text", concurrency_limit=MAX_SESSIONS, **quietly)
    microphone.stop_recording(finish, [live, *choice], [page, timer], api_name="live_end", **quietly)
    clear.click(forget, None, [live, page], api_name="live_clear", queue=False, **quietly)
