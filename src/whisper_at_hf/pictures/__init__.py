"""What was said and heard, drawn: still pictures, and a page with the audio."""

from .page import timeline_page
from .plotting import plot

__all__ = ["plot", "timeline_page"]
