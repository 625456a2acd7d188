"""The exceptions that this package raises on purpose."""


class WhisperATError(Exception):
    """Base class of every error that whisper_at_hf raises on purpose."""


class InputError(WhisperATError, ValueError):
    """Bad input from the user: one sentence that names the file or argument and the fix."""
