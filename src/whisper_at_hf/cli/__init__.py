"""The command `whisper-at`, the only room that prints."""

from .app import app, main

__all__ = ["app", "main"]
