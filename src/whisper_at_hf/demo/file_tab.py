"""A file or a recording: its text, its timeline, and its captions to take away."""

from pathlib import Path
from typing import Any

from ..conversion.default_model import sample_path
from ..errors import InputError
from .library import import_gradio
from .limits import Limits
from .models import DemoModels
from .results import CAPTIONS, FORMATS, caption_files, text_of, timeline_frame
from .sentences import in_sentences

# After that many seconds, what a visitor has got is forgotten, if it has not been used.
REMEMBERED_SECONDS = 3600


def add_file_tab(models: DemoModels, limits: Limits, choice: list[Any]) -> None:
    """Put the tab on the page that is being built.

    Args:
        choice: the components for model, head and language.
    """
    gr = import_gradio()
    # What a visitor has got last: (result, name of the file).
    latest = gr.State(None, time_to_live=REMEMBERED_SECONDS)
    with gr.Row(equal_height=False):
        with gr.Column():
            audio = gr.Audio(
                label="Sound", sources=["upload", "microphone"], type="filepath", buttons=[], elem_id="sound"
            )
            button = gr.Button("Transcribe", variant="primary", elem_id="transcribe")
            gr.Examples([[str(sample_path())]], audio, label="A sample: speech and rain", api_name="load_sample")
            gr.Markdown(
                f"{limits.describe()} What you send is deleted within the hour.", elem_classes="whisper-at-hint"
            )
        with gr.Column(scale=3):
            text = gr.Textbox(label="Text", lines=11, max_lines=16, elem_id="text", placeholder="What was said")
    with gr.Column(visible=False) as found:
        timeline = gr.HTML(label="Timeline", elem_id="timeline")
        with gr.Row(elem_classes="whisper-at-files"):
            captions = gr.Radio(
                list(CAPTIONS), value="speech", label="Captions to download", min_width=320, elem_id="captions"
            )
            buttons = [
                gr.DownloadButton(format.upper(), size="md", min_width=80, scale=0, elem_id=f"download-{format}")
                for format in FORMATS
            ]

    def to_files(result: dict[str, Any], captions: str, name: str) -> list[str]:
        # In the folder, and by the name, that gradio itself gives to files that it offers: it looks after them there.
        save = gr.processing_utils.save_bytes_to_cache
        files = caption_files(result, captions, name).items()
        return [
            save(content.encode("utf-8", errors="replace"), name, offered.GRADIO_CACHE)
            for offered, (name, content) in zip(buttons, files, strict=True)
        ]

    @in_sentences
    def transcribe(audio: str | None, model: str, head: str, language: str | None, captions: str) -> tuple[Any, ...]:
        """Text, timeline (HTML) and caption files (SRT, VTT, ASS, JSON) of a file."""
        if audio is None:
            raise InputError("There is no sound yet; choose a file, or record one.")
        chosen, name = models[model], Path(audio).name
        sound = limits.read(audio, chosen.sampling_rate)
        times = {"return_timestamps": True} if chosen.languages else {}
        result = chosen.listen(sound, head, language, return_events=True, return_event_scores=True, **times)
        frame = timeline_frame(result, sound, name)
        result.pop("event_scores", None)  # large, and drawn by now
        return (result, name), text_of(result), frame, *to_files(result, captions, name)

    @in_sentences
    def caption(captions: str, latest: tuple[dict[str, Any], str] | None) -> list[str]:
        """Caption files of what /transcribe has given last in this session, for speech alone or with sounds."""
        if latest is None:
            raise InputError("There are no captions yet; transcribe a file first.")
        return to_files(latest[0], captions, latest[1])

    done = button.click(
        transcribe,
        [audio, *choice, captions],
        [latest, text, timeline, *buttons],
        api_name="transcribe",
        concurrency_limit=1,
        show_progress_on=[text],
    )
    done.success(lambda: gr.Column(visible=True), None, found, queue=False, api_visibility="private")
    captions.change(caption, [captions, latest], buttons, api_name="captions")
