"""Event-based F1 without sed_eval, thousands of times as fast, for the search and for tests."""

from collections.abc import Sequence

from sound_events.mixtures import ESC10_LABELS, Event


def quick_f1(truth: Sequence[Sequence[Event]], found: Sequence[Sequence[Event]]) -> tuple[float, float]:
    """F1 with collars of 0.5 and 1 s, as sed_eval defines it; events of other labels than ESC-10's do not count."""
    hits, count = [0, 0], 0
    for there, heard in zip(truth, found, strict=True):
        heard = [event for event in heard if event.label in ESC10_LABELS.values()]
        count += len(there) + len(heard)
        for place, collar in enumerate((0.5, 1.0)):
            free = list(heard)
            for event in there:
                match = next((other for other in free if _is_hit(event, other, collar)), None)
                if match is not None:
                    free.remove(match)
                    hits[place] += 1
    return 2 * hits[0] / max(1, count), 2 * hits[1] / max(1, count)


def _is_hit(event: Event, other: Event, collar: float) -> bool:
    late = max(collar, 0.5 * (event.end - event.start))
    close = abs(event.start - other.start) <= collar and abs(event.end - other.end) <= late
    return close and event.label == other.label
