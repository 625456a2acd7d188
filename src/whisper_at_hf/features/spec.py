"""What one feature cache holds: the encoder, the window and how the window is presented to the encoder."""

import hashlib
import json
from dataclasses import asdict, dataclass

from ..errors import InputError
from ..model.configuration_whisper_at import INPUT_PADDINGS, POSITIONS_PER_SECOND
from ..model.tagging import steps_per_window

DTYPES = ("float32", "bfloat16", "float16")
BYTES_PER_VALUE = 2  # features are stored in float16, whatever the encoder computes in
JOURNAL_BYTES_PER_CLIP = 64


@dataclass(frozen=True)
class FeatureSpec:
    """All that decides a clip's features besides its audio.

    Attributes:
        encoder: fingerprint of the encoder, see `Encoder`.
        encoder_layers, d_model: dimensions of its pooled states.
        window_length_s: seconds of audio a clip.
        padding: the encoder's input. "trim": the window alone, shorter clips padded with silence up to it; "pad": the
            window padded with silence to Whisper's 30 s; "context": the 30 s of the file around the window, as the
            pipeline gives them to the encoder.
        dtype: what the encoder computes in: "float32", "bfloat16" or "float16".
        pooling_size: encoder positions (20 ms each) averaged into one step.

    Raises:
        InputError: an unknown padding, or a window that is no multiple of a step.
    """

    encoder: str
    encoder_layers: int
    d_model: int
    window_length_s: float = 10.0
    padding: str = "trim"
    dtype: str = "float32"
    pooling_size: int = 20

    def __post_init__(self):
        object.__setattr__(self, "window_length_s", float(self.window_length_s))  # 10 and 10.0 are one cache
        if self.padding not in INPUT_PADDINGS:
            raise InputError(f"padding={self.padding!r} is unknown; use one of {', '.join(INPUT_PADDINGS)}.")
        try:
            steps_per_window(self.window_length_s, self.step_seconds)
        except InputError as error:
            raise InputError(
                f"window_length_s={self.window_length_s:g} cannot be cut into steps of {self.step_seconds:g} s; "
                "use a multiple of that."
            ) from error

    @property
    def step_seconds(self) -> float:
        """Seconds of audio in one step."""
        return self.pooling_size / POSITIONS_PER_SECOND

    @property
    def steps(self) -> int:
        """Steps in a window."""
        return steps_per_window(self.window_length_s, self.step_seconds)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one clip's features: (layers, steps, width)."""
        return self.encoder_layers, self.steps, self.d_model

    @property
    def clip_bytes(self) -> int:
        """Bytes of one clip's features on disk."""
        layers, steps, width = self.shape
        return layers * steps * width * BYTES_PER_VALUE

    @property
    def folder_name(self) -> str:
        """Name of this cache's folder among others: the same for the same spec, different for any other."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


def estimate_bytes(spec: FeatureSpec, clips: int) -> int:
    """Bytes on disk that the features of so many clips need."""
    return clips * (spec.clip_bytes + JOURNAL_BYTES_PER_CLIP)
