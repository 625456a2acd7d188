"""Serves the page: on this machine alone unless told otherwise, and nothing but the page."""

import socket
from typing import Any

from ..errors import InputError
from .limits import Limits
from .style import CSS, theme

# Only this machine reaches it.
LOCAL = "127.0.0.1"


def launch(
    demo: Any, limits: Limits | None = None, host: str | None = None, port: int | None = None, wait: bool = True
) -> str:
    """Serve what `build_demo` gave; gives the page's address.

    Args:
        limits: those that `demo` was built with.
        host: the address to listen on. If None, what GRADIO_SERVER_NAME says, as on a Hugging Face Space, else
            `LOCAL`.
        port: if None, what GRADIO_SERVER_PORT says, else the first free one from 7860 on.
        wait: whether to return only when the server is stopped.

    Raises:
        InputError: the host or port is not to be had.
    """
    _check_address(host, port)
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
    except OSError as error:  # no port is free
        raise _cannot_listen(host, port, "no port is free") from error
    return address


def _check_address(host: str | None, port: int | None) -> None:
    """Ask for it here: gradio tries a hundred ports of a host that is not to be had, some seconds each."""
    if host is None and port is None:
        return
    try:
        socket.create_server((host or LOCAL, port or 0)).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _cannot_listen(host, port, getattr(error, "strerror", None) or str(error)) from error


def _cannot_listen(host: str | None, port: int | None, reason: str) -> InputError:
    asked = ":".join(str(part) for part in (host or LOCAL, port) if part is not None)
    return InputError(f"The demo cannot listen on {asked} ({reason}); name another --host or --port.")
