"""Features of clips, encoded once and kept on disk, so that a head trains without the encoder."""

from .cache import FeatureCache
from .encoder import Encoder, load_encoder
from .extraction import content_keys, extract_features
from .reader import ClipReader
from .spec import FeatureSpec, estimate_bytes

__all__ = [
    "ClipReader",
    "Encoder",
    "FeatureCache",
    "FeatureSpec",
    "content_keys",
    "estimate_bytes",
    "extract_features",
    "load_encoder",
]
