"""Which model, which of its heads, and in which language: the choices above everything else on the page."""

from typing import Any

from .library import import_gradio
from .models import DemoModel, DemoModels
from .sentences import in_sentences


def add_choice(models: DemoModels) -> list[Any]:
    """Put the choices on the page that is being built; gives them in the order of `DemoModel.listen`: model first."""
    gr = import_gradio()
    first = models[models.names[0]]
    with gr.Row():
        model = gr.Dropdown(models.names, value=first.name, label="Model", interactive=len(models.names) > 1)
        head = gr.Dropdown(label="Head", **_heads(first))
        language = gr.Dropdown(label="Language", **_languages(first))

    @in_sentences
    def choose_model(model: str) -> tuple[Any, Any]:
        """Offer the heads and languages of this model; to be called before /transcribe where it is not the first."""
        chosen = models[model]
        return gr.Dropdown(**_heads(chosen)), gr.Dropdown(**_languages(chosen))

    model.change(choose_model, model, [head, language], api_name="choose_model", queue=False)
    return [model, head, language]


def _heads(model: DemoModel) -> dict[str, Any]:
    return {"choices": model.heads, "value": model.heads[0], "interactive": len(model.heads) > 1}


def _languages(model: DemoModel) -> dict[str, Any]:
    codes = [code for _, code in model.languages]
    return {"choices": model.languages, "value": next(iter(codes), None), "interactive": len(codes) > 1}
