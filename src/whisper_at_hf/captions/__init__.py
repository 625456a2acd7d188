"""Text and sound events as captions, in the formats that players and editors read."""

from .cue import Cue, Word
from .cues import make_cues
from .formats import format_captions
from .rules import CaptionRules, broken_rules

__all__ = ["CaptionRules", "Cue", "Word", "broken_rules", "format_captions", "make_cues"]
