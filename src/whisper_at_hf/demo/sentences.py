"""What goes wrong while the page is used reaches it as one sentence; tracebacks stay on the server."""

import functools
import html
import logging
from collections.abc import Callable
from typing import Any

from ..errors import InputError
from .library import import_gradio

UNEXPECTED = "Something went wrong on the server; whoever runs it finds the reason in its log."

logger = logging.getLogger(__name__)


def in_sentences(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, whose errors are gradio's, with a message that the page shows.

    That of an `InputError` is shown as it is; any other error is logged, and `UNEXPECTED` is shown.
    """

    @functools.wraps(function)
    def told(*args: Any) -> Any:
        try:
            return function(*args)
        except InputError as error:
            sentence = str(error)
        except Exception:
            logger.exception("The demo's %s failed.", function.__name__)
            sentence = UNEXPECTED
        # The page takes messages for HTML.
        raise import_gradio().Error(html.escape(sentence), print_exception=False)

    return told
