"""The exceptions that this package raises on purpose; they live in `model`, which stands on its own."""

from .model.errors import InputError, WhisperATError, first_line

__all__ = ["InputError", "WhisperATError", "first_line"]
