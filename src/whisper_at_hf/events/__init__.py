"""From tag scores on a fine time grid to sound events: where each sound begins and ends."""

from .decoding import find_runs, smoothed
from .options import PRESETS, EventOptions, event_options
from .track import EventTrack

__all__ = ["PRESETS", "EventOptions", "EventTrack", "event_options", "find_runs", "smoothed"]
