"""The task "whisper-at": from anything that sounds to text and tags."""

from .pipeline import WhisperATPipeline

__all__ = ["WhisperATPipeline"]
