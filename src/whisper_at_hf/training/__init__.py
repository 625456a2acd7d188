"""Training tagging heads on a frozen Whisper: data, cached features, trainer, recipes, scores.

Needs `pip install "whisper-at-hf[train]"`. One call does all: `run_training(*parse_arguments([...]), announce=print)`;
so does the command `whisper-at train`. The parts work on their own too.
"""

from ..data import load_data
from ..features import FeatureCache, extract_features
from .arguments import DataArguments, HeadArguments, TLTRTrainingArguments
from .audio_dataset import AudioDataset
from .augmentation import WaveformAugmentation
from .evaluation import evaluate_head
from .feature_dataset import FeatureDataset
from .heads import grow_head
from .recipes import parse_arguments, presets
from .run import run_training
from .trainer import TLTRTrainer

__all__ = [
    "AudioDataset",
    "DataArguments",
    "FeatureCache",
    "FeatureDataset",
    "HeadArguments",
    "TLTRTrainer",
    "TLTRTrainingArguments",
    "WaveformAugmentation",
    "evaluate_head",
    "extract_features",
    "grow_head",
    "load_data",
    "parse_arguments",
    "presets",
    "run_training",
]
