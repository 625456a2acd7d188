"""The demo page, for this machine or a Hugging Face Space. Needs the extra `demo`."""

from .app import build_demo
from .limits import Limits
from .serving import launch
from .space import write_space

__all__ = ["Limits", "build_demo", "launch", "write_space"]
