"""The command `whisper-at extract`."""

import os
from typing import Any

from ..data import load_data
from ..data.schema import count
from ..features.cache import FeatureCache
from ..features.extraction import extract_features
from ..features.parallel import process_state
from ..pipeline.loading import check_device
from .support import announcer, say


def run_extract(
    data: str | os.PathLike,
    whisper: str | None = None,
    cache: str | os.PathLike = "features",
    window_length_s: float = 10.0,
    padding: str = "trim",
    batch_size: int = 8,
    dtype: str = "float32",
    device: str | None = None,
    verify: bool = False,
    quiet: bool = False,
    **loading: Any,
) -> int:
    """Load the data, encode it, and say on standard error what was done.

    Args:
        data: what `load_data` takes.
        cache: see `extract_features`' `cache_dir`, as for the other arguments.
        quiet: only failures are shown.
        loading: further arguments of `load_data`.

    Returns:
        The exit code: 0, or 2 where clips could not be read; the cache then holds all others.

    Raises:
        InputError: as `load_data` and `extract_features`.
    """
    check_device(device)
    features = extract_features(
        load_data(data, **loading),
        whisper,
        cache,
        window_length_s=window_length_s,
        padding=padding,
        batch_size=batch_size,
        dtype=dtype,
        device=device,
        verify=verify,
        announce=announcer(quiet),
    )
    if process_state().is_main_process:
        _summarise(features, quiet)
    return 2 if features.failures else 0


def _summarise(features: FeatureCache, quiet: bool) -> None:
    for failure in features.failures:
        say(f"Not read: {failure['path']}: {failure['reason']}")
    if not quiet:
        size = len(features) * features.spec.clip_bytes / 1e6
        say(
            f"{count(len(features), 'clip')} in the cache ({size:.1f} MB), {len(features.failures)} could not be read."
        )
