"""What others have published, with where it stands: shown beside our own numbers, never as one of them."""

from dataclasses import dataclass

PAPER = "https://arxiv.org/abs/2307.03183"
POSTER = "https://github.com/YuanGongND/whisper-at/blob/main/poster.pdf"
MODEL_TABLE = "https://github.com/YuanGongND/whisper-at#available-models-and-audio-tagging-performance"
# Its script counts with fvcore, to which one multiply-accumulate is one operation.
FLOP_SCRIPT = "https://github.com/YuanGongND/whisper-at/blob/main/src/whisper_at_train/utilities/compute_flops.py"


@dataclass(frozen=True)
class PublishedResult:
    """One row of the poster's table; None where it says nothing.

    Attributes:
        name: of the system.
        as_20k, as_2m: mean average precision on AudioSet's evaluation set, in percent, after training on the balanced
            20 thousand clips or on all 2 million.
        esc_50: accuracy on ESC-50, in percent.
        parameters: in millions.
        operations: thousand millions for 10 s of audio, called "FLOPs" there; multiply-accumulates, see FLOP_SCRIPT.
        source: where it stands.
    """

    name: str
    as_20k: float | None = None
    as_2m: float | None = None
    esc_50: float | None = None
    parameters: float | None = None
    operations: float | None = None
    source: str = POSTER


AUDIOSET_BASELINE = PublishedResult("AudioSet baseline", as_2m=31.4)
AST = PublishedResult("AST", as_20k=34.7, as_2m=45.9, esc_50=88.8, parameters=87, operations=133)
WHISPER_AT = PublishedResult("Whisper-AT", as_20k=32.8, as_2m=41.5, esc_50=91.7, parameters=7)
RESULTS = (AUDIOSET_BASELINE, AST, WHISPER_AT)

# "42x less compute than AST", on the poster.
PUBLISHED_RATIO = 42

# Mean average precision on AudioSet's evaluation set in percent, by Whisper and head. Source: MODEL_TABLE.
HEAD_MAP = {
    "tiny": {"TLTR": 36.5},
    "tiny.en": {"TLTR": 35.8},
    "base": {"TLTR": 37.6},
    "base.en": {"TLTR": 37.5},
    "small": {"TLTR": 39.8, "TLTR-512": 39.8},
    "small.en": {"TLTR": 40.1, "TLTR-512": 39.9},
    "medium": {"TLTR": 40.8, "TLTR-512": 41.2},
    "medium.en": {"TLTR": 41.4, "TLTR-512": 41.1},
    "large-v1": {"TLTR": 42.1, "TLTR-512": 41.6},
    "large-v2": {"TLTR": 41.7, "TLTR-512": 40.3},
}
