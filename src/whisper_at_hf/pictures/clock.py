"""Times on an axis, as people read clocks."""

# Seconds between ticks that are easy to count in.
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on; with tenths where they are not 0."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths // 10, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{whole}.{tenths % 10}" if tenths % 10 else whole


def ticks(seconds: float, most: int) -> list[float]:
    """Times from 0 to `seconds`, evenly spaced by a step that is easy to count in; about `most` at most."""
    step = next((step for step in STEPS if seconds / step <= most), seconds / most)
    return [number * step for number in range(int(seconds / step + 1e-6) + 1)]
