"""gradio, which draws the page: imported only where a page is wanted, and told to report nothing to anybody."""

import os
from typing import Any

from ..errors import InputError

# https://www.gradio.app/guides/environment-variables; gradio reads them when it is imported or serves a page.
SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # reports of use, and the question for a newer version
    "GRADIO_RUN_HISTORY": "False",  # would keep what visitors sent and got, in their browsers
}


def import_gradio() -> Any:
    """The module `gradio`.

    Raises:
        InputError: it is not installed.
    """
    os.environ.update(SETTINGS)
    try:
        import gradio
    except ImportError as error:
        raise InputError('The demo needs gradio; run pip install "whisper-at-hf[demo]".') from error
    return gradio
