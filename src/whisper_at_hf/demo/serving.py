"""Serves the page: on this machine alone unless told otherwise, and nothing but the page."""

from typing import Any

from ..errors import InputError
from .limits import Limits
from .style import CSS, theme


def launch(
    demo: Any, limits: Limits | None = None, host: str | None = None, port: int | None = None, wait: bool = True
) -> str:
    """Serve what `build_demo` gave; gives the page's address.

    Args:
        limits: those that `demo` was built with.
        host: the address to listen on. If None, what GRADIO_SERVER_NAME says, as on a Hugging Face Space, else
            127.0.0.1, which only this machine reaches.
        port: if None, what GRADIO_SERVER_PORT says, else the first free one from 7860 on.
        wait: whether to return only when the server is stopped.

    Raises:
        InputError: the host or port is not to be had.
    """
    try:
        _, address, _ = demo.launch(
            server_name=host,
            server_port=port,
            max_file_size=(limits or Limits()).max_bytes,
            theme=theme(),
            css=CSS,
            share=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            allowed_paths=[],
            footer_links=["api", "settings"],
            quiet=True,
            prevent_thread_lock=not wait,
        )
    except (OSError, OverflowError) as error:
        asked = f"{host or '127.0.0.1'}:{port or 7860}"
        raise InputError(f"The demo cannot listen on {asked} ({error}); name another --host or --port.") from error
    return address
