"""The page: what it consists of."""

from collections.abc import Sequence
from typing import Any

from .choice import add_choice
from .file_tab import add_file_tab
from .library import import_gradio
from .limits import Limits
from .live_tab import add_live_tab
from .models import DemoModels, load_models

TITLE = "Whisper-AT"
INTRODUCTION = f"# {TITLE}\nWhat was said and what was heard, from one pass of one frozen Whisper."
# How often files are looked at, and the age at which they are deleted, in seconds.
CLEANING_SECONDS, FILE_SECONDS = 300, 3000
# Visitors who may wait for the model; further ones are told that too many do.
MAX_WAITING = 32


def build_demo(
    models: Sequence[str] | DemoModels = (),
    limits: Limits | None = None,
    device: str | None = None,
    dtype: str = "auto",
) -> Any:
    """The page, as a `gradio.Blocks` that `launch` serves.

    Args:
        models: folders or hub ids of models to offer beside the embedded default model; or models that are loaded.
        limits: what visitors may send.
        device: "cpu", "cuda", ...; the best one if None.
        dtype: "auto", "float32", "bfloat16" or "float16".

    Raises:
        InputError: gradio is missing, or a model cannot be loaded.
    """
    gr = import_gradio()
    loaded = models if isinstance(models, DemoModels) else load_models(models, device, dtype)
    limits = limits or Limits()
    cleaning = (CLEANING_SECONDS, FILE_SECONDS)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=cleaning) as demo:
        gr.Markdown(INTRODUCTION)
        choice = add_choice(loaded)
        with gr.Tab("File or recording"):
            add_file_tab(loaded, limits, choice)
        with gr.Tab("Live"):
            add_live_tab(loaded, limits, choice)
    return demo.queue(max_size=MAX_WAITING)
