"""What workers are forked with: everything that the readers import."""

import av  # noqa: F401
import datasets  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import soxr  # noqa: F401
import torch  # noqa: F401
import yaml  # noqa: F401
from transformers import WhisperForConditionalGeneration, WhisperProcessor  # noqa: F401

import whisper_at_hf  # noqa: F401
import whisper_at_hf.cli.plotting
import whisper_at_hf.conversion.heads
import whisper_at_hf.training.recipes  # noqa: F401

from . import kinds  # noqa: F401
