"""From pooled states and logits to tags: windows, scores, thresholds, top-k. Pure functions."""

import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real

import torch

from .configuration_whisper_at import TLTRConfig
from .errors import InputError

DEFAULT_THRESHOLD = 0.25
# One hour. Far above any useful window; it turns a slip such as 1e9 into an error instead of an endless allocation.
MAX_WINDOW_SECONDS = 3600.0
FRAMES_PER_SECOND = 100


def steps_per_window(at_time_res: float, step_seconds: float = 0.4) -> int:
    """Pooled steps in a tag window of `at_time_res` seconds.

    Raises:
        InputError: `at_time_res` is not a number, not a multiple of `step_seconds`, or not between that and an hour.
    """
    return _whole_steps("at_time_res", at_time_res, step_seconds)


def steps_per_hop(at_hop: float | None, at_time_res: float, step_seconds: float = 0.4) -> int:
    """Pooled steps between the starts of two tag windows; None puts windows of `at_time_res` seconds side by side.

    Raises:
        InputError: as `steps_per_window`, for either; or `at_hop` leaves gaps between the windows.
    """
    window = steps_per_window(at_time_res, step_seconds)
    if at_hop is None:
        return window
    hop = _whole_steps("at_hop", at_hop, step_seconds)
    if hop > window:
        raise InputError(
            f"at_hop={at_hop:g} leaves sound between windows of at_time_res={at_time_res:g} s untagged; "
            f"use at most {at_time_res:g}."
        )
    return hop


def _whole_steps(name: str, seconds: float, step_seconds: float) -> int:
    fix = f"use a multiple of {step_seconds:g} s between {step_seconds:g} and {MAX_WINDOW_SECONDS:g}"
    try:
        is_number = not isinstance(seconds, bool) and isinstance(seconds, Real) and math.isfinite(seconds)
    except OverflowError:  # a whole number beyond all floats
        is_number = False
    if not is_number:
        raise InputError(f"{name}={seconds!r} is not a number of seconds; {fix}.")
    steps = round(min(seconds, 2 * MAX_WINDOW_SECONDS) / step_seconds)
    # The tolerance is that of a float32, the coarsest number that such a value may have been kept in.
    off_grid = abs(steps * step_seconds - seconds) > 1e-6 * max(1.0, seconds)
    if steps < 1 or seconds > MAX_WINDOW_SECONDS or off_grid:
        raise InputError(f"{name}={seconds:g} cannot be cut from the time grid; {fix}.")
    return steps


def count_windows(num_frames: int, hop_steps: int, step_seconds: float = 0.4) -> int:
    """Tag windows that start, every `hop_steps`, within `num_frames` mel frames (10 ms each); at least one."""
    frames_per_hop = round(hop_steps * step_seconds * FRAMES_PER_SECOND)
    return max(1, math.ceil(num_frames / frames_per_hop))


def cut_windows(
    pooled_states: torch.Tensor, num_windows: int, window_steps: int, hop_steps: int | None = None
) -> torch.Tensor:
    """`(layers, steps, width)` -> `(num_windows, layers, window_steps, width)`, zero-padded at the end.

    A view, unless there is something to pad. Windows start every `hop_steps`, by default side by side.
    """
    hop_steps = hop_steps or window_steps
    missing = (num_windows - 1) * hop_steps + window_steps - pooled_states.shape[1]
    if missing > 0:
        pooled_states = torch.nn.functional.pad(pooled_states, (0, 0, 0, missing))
    return pooled_states.unfold(1, window_steps, hop_steps)[:, :num_windows].permute(1, 0, 3, 2)


def window_timestamps(
    num_windows: int, at_time_res: float, duration: float, at_hop: float | None = None, first_window: int = 0
) -> list[tuple[float, float]]:
    """(start, end) in seconds of windows from `first_window` of the file on; the last one ends at `duration`."""
    if not num_windows:
        return []
    hop = at_time_res if at_hop is None else at_hop
    starts = [index * hop for index in range(first_window, first_window + num_windows)]
    ends = [min(start + at_time_res, duration) for start in starts[:-1]] + [duration]
    return [(round(float(start), 3), round(float(end), 3)) for start, end in zip(starts, ends, strict=True)]


def logits_to_scores(logits: torch.Tensor, problem_type: str) -> torch.Tensor:
    """Probabilities, float32: softmax for single-label heads, sigmoid otherwise. Same shape as `logits`."""
    if problem_type == "single_label_classification":
        return logits.float().softmax(dim=-1)
    return logits.float().sigmoid()


def resolve_thresholds(config: TLTRConfig, threshold: float | Mapping[str, float] | None = None) -> torch.Tensor:
    """The score from which each label counts as heard, `(num_labels,)`.

    Args:
        threshold: a number for all labels; a mapping for some of them; None for the head's fitted thresholds. Labels
            set by neither get `DEFAULT_THRESHOLD`.

    Raises:
        InputError: a threshold that is not a number within 0 and 1, or a label that the head does not have.
    """
    if threshold is not None and not isinstance(threshold, Mapping):
        return torch.full((config.num_labels,), _probability(threshold))
    own = {**(config.thresholds or {}), **(threshold or {})}
    check_labels(own, config)
    return torch.tensor([_probability(own.get(label, DEFAULT_THRESHOLD)) for label in config.labels])


def _probability(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= 1:
        raise InputError(f"threshold={value!r} is not a probability; use a number within 0 and 1.")
    return float(value)


def check_labels(labels: Iterable[str], config: TLTRConfig) -> list[int]:
    """Indices of the named labels.

    Raises:
        InputError: a label that the head does not have; the message suggests the nearest names.
    """
    if isinstance(labels, str):
        labels = [labels]
    labels = list(labels)
    for label in labels:
        if label not in config.label2id:
            raise InputError(f"The head has no label {label!r}; {_suggestion(label, config)}")
    return [config.label2id[label] for label in labels]


def _suggestion(label: str, config: TLTRConfig) -> str:
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in config.label2id}
    near = [by_lower[name] for name in get_close_matches(str(label).lower(), by_lower, n=3, cutoff=0.5)]
    if near:
        return "did you mean " + " or ".join(repr(name) for name in near) + "?"
    return "it knows " + ", ".join(config.labels[:20]) + (", and more." if config.num_labels > 20 else ".")


def select_tags(
    scores: torch.Tensor,
    config: TLTRConfig,
    thresholds: torch.Tensor,
    top_k: int | None = 5,
    labels: Iterable[str] | None = None,
) -> list[list[dict]]:
    """The tags of every window, best first.

    Args:
        scores: `(windows, num_labels)` probabilities.
        thresholds: `(num_labels,)`; a label is kept from its threshold on.
        top_k: at most this many tags a window; None for no limit.
        labels: only these labels, chosen before the best `top_k` are taken; None for all.

    Returns:
        Per window, `[{"label": name, "score": probability}, ...]`.

    Raises:
        InputError: scores are no numbers, or `labels` or `top_k` cannot be used.
    """
    check_top_k(top_k)
    if scores.isnan().any():  # they would look like silence
        raise InputError("The model's scores are not numbers: its weights are damaged; get it again.")
    allowed = range(config.num_labels) if labels is None else check_labels(labels, config)
    allowed = torch.tensor(sorted(set(allowed)), dtype=torch.long)
    chosen, limits = scores.cpu()[:, allowed], thresholds[allowed]
    order = chosen.argsort(dim=-1, descending=True, stable=True)
    rows = []
    for row, ranked in zip(chosen, order, strict=True):
        kept = [index for index in ranked.tolist() if row[index] >= limits[index]][:top_k]
        rows.append([{"label": config.id2label[int(allowed[i])], "score": float(row[i])} for i in kept])
    return rows


def tag_rows(
    logits: torch.Tensor,
    config: TLTRConfig,
    at_time_res: float,
    duration: float,
    at_hop: float | None = None,
    first_window: int = 0,
    threshold: float | Mapping[str, float] | None = None,
    top_k: int | None = 5,
    labels: Iterable[str] | None = None,
) -> list[dict]:
    """What was heard in the tag windows of a file, or in some that follow each other.

    Args:
        logits: `(windows, num_labels)`.
        config: of the head that gave them.
        at_time_res, at_hop: seconds of a window, and from the start of one to the next.
        duration: seconds from the start of the file at which the last window ends.
        first_window: which window of the file the first one is.
        threshold: see `resolve_thresholds`.
        top_k, labels: see `select_tags`.

    Returns:
        `[{"timestamp": (start, end), "tags": [{"label", "score"}, ...]}, ...]`, seconds from the start of the file.
    """
    thresholds = resolve_thresholds(config, threshold)
    tags = select_tags(logits_to_scores(logits, config.problem_type), config, thresholds, top_k, labels)
    times = window_timestamps(len(tags), at_time_res, duration, at_hop, first_window)
    return [{"timestamp": time, "tags": found} for time, found in zip(times, tags, strict=True)]


def check_top_k(top_k: int | None) -> None:
    """Raises InputError unless `top_k` is a whole number from 1 on, or None."""
    if top_k is not None and (isinstance(top_k, bool) or not isinstance(top_k, Integral) or top_k < 1):
        raise InputError(f"top_k={top_k!r} is not a number of tags; use a whole number from 1 on, or None for all.")
