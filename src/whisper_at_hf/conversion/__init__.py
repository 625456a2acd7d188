"""Conversion of foreign Whisper and Whisper-AT checkpoints to `from_pretrained` folders."""

from .heads import load_head
from .sources import load_whisper, read_config
from .writer import convert

__all__ = ["convert", "load_head", "load_whisper", "read_config"]
