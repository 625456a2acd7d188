"""The exceptions that this package raises on purpose."""


class WhisperATError(Exception):
    """Base class of every error that whisper_at_hf raises on purpose."""


class InputError(WhisperATError, ValueError):
    """Bad input from the user: one sentence that names the file or argument and the fix."""


def first_line(error: BaseException) -> str:
    """The first line of an error's message, to be quoted in a sentence; its type if it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
