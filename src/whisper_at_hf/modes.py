"""The two ways to decode files of more than 30 s."""

from .errors import InputError

SEQUENTIAL = "sequential"
BATCHED = "batched"
MODES = (SEQUENTIAL, BATCHED)

# Windows decoded at a time in batched mode.
DEFAULT_BATCH_SIZE = 16


def check_mode(mode: str, chunk_length_s: float | None = None) -> None:
    """Raise InputError for an unknown mode, or one that does not go with `chunk_length_s`."""
    if mode not in MODES:
        raise InputError(f"mode={mode!r} is unknown; use 'sequential' or 'batched'.")
    if mode == BATCHED and chunk_length_s:
        raise InputError("mode='batched' cuts files at pauses by itself; leave chunk_length_s out.")
