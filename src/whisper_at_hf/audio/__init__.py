"""Sound from any source as the samples that Whisper reads, whole or as it comes, and cut into windows."""

from .load import load_audio, stream_audio
from .windows import AudioWindow, cut_at_pauses, cut_clip, cut_regularly

__all__ = ["AudioWindow", "cut_at_pauses", "cut_clip", "cut_regularly", "load_audio", "stream_audio"]
