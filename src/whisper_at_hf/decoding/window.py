"""What goes into decoding and what comes out: windows of files, and what was said and heard in them."""

from dataclasses import dataclass, field
from uuid import uuid4

import torch

from ..model.timeline import PooledWindow, Span


@dataclass(frozen=True)
class SoundFile:
    """A file that windows are cut from.

    Attributes:
        num_samples: how long it is, in samples; None while it is still coming.
        key: tells it from all other files, also in another process.
    """

    num_samples: int | None = None
    key: str = field(default_factory=lambda: uuid4().hex)


@dataclass
class Window:
    """A stretch of a file, as the encoder reads it.

    Attributes:
        input_features: `(1, num_mel_bins, frames)`, 10 ms a frame.
        attention_mask: `(1, frames)`, 1 where there is sound.
        span: where it lies in its file, in encoder positions (20 ms).
        file: the file.
        is_last: whether the file ends with it.
        bounds: seconds from the start of the file at which it begins and ends; None for windows that `generate` moves
            over by itself.
        num_positions: encoder positions that hold sound.
        is_silent: whether nothing is to be heard in it.
        stride: samples in it, and how many of them at its two ends its neighbours cover better; None where neighbours
            do not overlap.
    """

    input_features: torch.Tensor
    attention_mask: torch.Tensor
    span: Span
    file: SoundFile
    is_last: bool = True
    bounds: tuple[float, float] | None = None
    num_positions: int = 0
    is_silent: bool = False
    stride: tuple[int, int, int] | None = None

    @property
    def is_whole_file(self) -> bool:
        """Whether the file has no other window."""
        return self.is_last and self.span.origin == 0


@dataclass
class Piece:
    """Tokens that were decoded together.

    Attributes:
        tokens: `(1, count)`, without prompt and end token where our own loop decoded them.
        position: encoder position (20 ms) in the window at which they begin.
        is_cut_off: whether there were more to come than allowed.
        token_timestamps: seconds from there at which each token ends, `(count,)`; by word only.
    """

    tokens: torch.Tensor
    position: int = 0
    is_cut_off: bool = False
    token_timestamps: torch.Tensor | None = None


@dataclass
class WindowResult:
    """What was said and heard in one window.

    Attributes:
        file, bounds, stride: those of the window.
        pieces: its text, in order; none if it was tagged only.
        pooled: its pooled states on the grid of its file; none if it was not tagged.
        language_id: the token of the language; None for models of one language, and where nothing was decoded.
    """

    file: SoundFile
    bounds: tuple[float, float] | None = None
    stride: tuple[int, int, int] | None = None
    pieces: list[Piece] = field(default_factory=list)
    pooled: list[PooledWindow] = field(default_factory=list)
    language_id: int | None = None

    @classmethod
    def of(cls, window: Window, **found) -> "WindowResult":
        """The result of that window; `found` is what was found in it."""
        return cls(window.file, window.bounds, window.stride, **found)
