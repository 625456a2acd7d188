"""One absolute timeline of pooled encoder states per file, filled by the windows that `generate` happens to encode.

Whisper's long-form decoding moves its 30 s window to wherever the last sentence ended, in steps of 20 ms. The
timeline puts every encoder position where it lies in the file. Where two windows overlap, the second one takes over in
the middle: within 2 s of a window's ends, scores of 2 s differ twice as much from those of other windows as elsewhere
(0.105 against 0.045 on average for the shipped head, `benchmarks/window_edges.py`). A file of up to 30 s is tagged
from one window, as the original package does, and the steps of a longer one never shift with the text.

`generate` asks for the same window several times: to detect the language, to decode, to decode again at a higher
temperature, to measure the probability of no speech. Only the first of these runs the encoder.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import nn

from .pooling import PoolingRequest

# Mel frames (10 ms) per encoder position (20 ms): the stride of Whisper's second convolution.
FRAMES_PER_POSITION = 2

# Pooled states of one encoder window: the index of its first step in the file, and `(layers, steps, width)`.
PooledWindow = tuple[int, torch.Tensor]


@dataclass
class Span:
    """Where one row of `input_features` lies in its file, in encoder positions (20 ms) from the file's start.

    Attributes:
        origin: position of the row's first frame.
        begin: first position that counts; earlier ones are context that another row covers better.
        end: position at which the row stops counting; None for no limit.
    """

    origin: int = 0
    begin: int = 0
    end: int | None = None


def pooling_request(spans: Sequence[Span], pooling_size: int, num_positions: int) -> PoolingRequest:
    """What an encoder pass over rows of `num_positions` has to pool, for rows that lie there in their files."""
    offsets, bounds = [], []
    for span in spans:
        stop = num_positions if span.end is None else min(num_positions, max(0, span.end - span.origin))
        offsets.append(span.origin % pooling_size)
        bounds.append((max(0, span.begin - span.origin), stop))
    if not any(offsets) and all(bound == (0, num_positions) for bound in bounds):
        return PoolingRequest(pooling_size)
    return PoolingRequest(pooling_size, offsets=offsets, bounds=bounds)


class PooledTimeline:
    """The pooled states of one file on its 0.4 s grid, put together from windows, all at once or as they come.

    Steps that two windows share were pooled in part by each and add up to the mean; steps never encoded are zero.

    Attributes:
        first_step: the step of the file that `states` begins with.
        states: `(layers, steps, width)`; None before the first window.
    """

    def __init__(self):
        self.first_step = 0
        self.states: torch.Tensor | None = None

    def add(self, windows: Sequence[PooledWindow]) -> None:
        """Put windows where they lie; none of them may begin before `first_step`."""
        if not windows:
            return
        if self.states is None:
            layers, _, width = windows[0][1].shape
            self.states = windows[0][1].new_zeros(layers, 0, width)
        self._lengthen(max(first + pooled.shape[1] for first, pooled in windows))
        for first, pooled in windows:
            begin = first - self.first_step
            self.states[:, begin : begin + pooled.shape[1]] += pooled

    def end_at(self, num_steps: int) -> None:
        """Let the file have `num_steps` steps, counted from its start."""
        self._lengthen(num_steps)
        self.states = self.states[:, : max(0, num_steps - self.first_step)]

    def drop_before(self, step: int) -> None:
        """Forget the file's steps before this one, and free their memory."""
        self.states = self.states[:, max(0, step - self.first_step) :].clone()
        self.first_step = step

    def _lengthen(self, num_steps: int) -> None:
        missing = num_steps - self.first_step - self.states.shape[1]
        if missing > 0:
            self.states = torch.nn.functional.pad(self.states, (0, 0, 0, missing))


@dataclass
class KeptPass:
    """What went into the encoder and what came out.

    Attributes:
        input_features: `(rows, num_mel_bins, frames)`.
        last_hidden_state: `(rows, positions, width)`.
    """

    input_features: torch.Tensor
    last_hidden_state: torch.Tensor

    def states_of(self, input_features: torch.Tensor) -> torch.Tensor | None:
        """The states of `(rows, num_mel_bins, frames)`, or None unless each row equals one of this pass, in order.

        Temperature fallback drops rows, and `num_return_sequences` repeats them; neither changes their order.
        """
        if input_features.shape == self.input_features.shape and torch.equal(input_features, self.input_features):
            return self.last_hidden_state
        rows, known = [], 0
        for row in input_features:
            while known < len(self.input_features) and not torch.equal(row, self.input_features[known]):
                known += 1
            rows.append(known)
        return None if known == len(self.input_features) else self.last_hidden_state[rows]


class TimelineRecorder:
    """Collects the pooled states of every row of one `generate` call, and the languages that it decoded in.

    It also keeps the last encoder pass, so that the encoder runs once for a window.

    Args:
        spans: one per row of the `input_features` given to `generate`.
        encoder: the encoder whose passes count; an assistant model's do not.
        pooling_size: encoder positions (20 ms each) in one step of the timeline.
        pool: False to note languages only.
    """

    def __init__(self, spans: list[Span], encoder: nn.Module, pooling_size: int, pool: bool = True):
        self.spans = spans
        self.encoder = encoder
        self.pooling_size = pooling_size
        self.pool = pool
        self.language_ids: list[int | None] = [None] * len(spans)
        self.windows: list[list[PooledWindow]] = [[] for _ in spans]
        self._covered = [span.begin for span in spans]
        self._expected: list[tuple[int, int]] | None = None
        self._counts: list[bool] = []
        self._kept: KeptPass | None = None

    def expect_start(self) -> None:
        """Announce that the next encoder pass reads every row from its first frame on, to detect the languages."""
        self._counts = [True] * len(self.spans)
        self._expected = [(file, span.origin) for file, span in enumerate(self.spans)]

    def expect(
        self, seek: torch.Tensor, rows: list[int], decoder_input_ids: torch.Tensor, language_ids: set[int]
    ) -> None:
        """Announce the encoder pass of the next window.

        Args:
            seek: start of the window in mel frames, for every row that `generate` works on.
            rows: which of those the rows of this pass are.
            decoder_input_ids: `(rows, tokens)` prompts, from which the language is read once.
            language_ids: the ids of all language tokens.
        """
        # num_return_sequences repeats every row; copies may seek apart, so the first one speaks for its file.
        copies = len(seek) // len(self.spans)
        files = [row // copies for row in rows]
        self._counts = [row % copies == 0 for row in rows]
        self._expected = [
            (file, self.spans[file].origin + int(seek[row]) // FRAMES_PER_POSITION)
            for file, row in zip(files, rows, strict=True)
        ]
        for file, prompt in zip(files, decoder_input_ids.tolist(), strict=True):
            if self.language_ids[file] is None:
                self.language_ids[file] = next((token for token in reversed(prompt) if token in language_ids), None)

    def known_states(self, input_features: torch.Tensor, num_positions: int) -> torch.Tensor | None:
        """The last hidden states, `(rows, num_positions, width)`, of rows that the last pass has encoded already.

        None if it has not, or if there is something to pool: files can hold the same sound (silence) at two places.
        """
        if self._kept is None or (self.pool and self._has_news(num_positions)):
            return None
        states = self._kept.states_of(input_features)
        if states is not None:
            self._expected = None
        return states

    def keep(self, kept: KeptPass | None) -> None:
        """Keep this pass instead of the one before; None to free the memory."""
        self._kept = kept

    def request(self, num_positions: int) -> PoolingRequest | None:
        """What the pass that starts now, of `num_positions`, has to pool; None for one that was not announced."""
        if self._expected is None or not self.pool:
            return None
        spans = [Span(start, self._takeover(file, start), self.spans[file].end) for file, start in self._expected]
        return pooling_request(spans, self.pooling_size, num_positions)

    def record(self, pooled_states: torch.Tensor, num_positions: int) -> None:
        """Store the announced pass: pooled states `(rows, layers, steps, width)` of `num_positions` positions."""
        for row, (file, start) in enumerate(self._expected):
            if self._counts[row] and start + num_positions > self._covered[file]:
                self._end_at(self._takeover(file, start), file)
                self.windows[file].append((start // self.pooling_size, pooled_states[row]))
                self._covered[file] = start + num_positions
        self._expected = None

    def states(self, row: int, num_steps: int) -> torch.Tensor:
        """The first `num_steps` steps of the file that is that row, `(layers, num_steps, width)`."""
        timeline = PooledTimeline()
        timeline.add(self.windows[row])
        timeline.end_at(num_steps)
        return timeline.states

    def _takeover(self, file: int, start: int) -> int:
        """The position from which a window that begins at `start` counts.

        That is the first line of the grid from the middle of what it shares with the windows before. Where they share
        no such line, each position counts from the first window that covers it.
        """
        covered = self._covered[file]
        steps = -(-(start + covered) // (2 * self.pooling_size))
        middle = steps * self.pooling_size
        return middle if self.windows[file] and start < middle < covered else covered

    def _end_at(self, position: int, file: int) -> None:
        """Drop the steps of earlier windows from `position` on."""
        self.windows[file] = [
            (first, pooled[:, : max(0, -(-position // self.pooling_size) - first)])
            for first, pooled in self.windows[file]
        ]

    def _has_news(self, num_positions: int) -> bool:
        """Whether the announced pass covers positions that none before it did."""
        return any(
            counts and start + num_positions > self._covered[file]
            for counts, (file, start) in zip(self._counts, self._expected or [], strict=False)
        )


_recorder: ContextVar[TimelineRecorder | None] = ContextVar("whisper_at_timeline_recorder", default=None)


@contextmanager
def recording(recorder: TimelineRecorder):
    """While open, the encoder passes of `generate` in this thread or task are recorded."""
    token = _recorder.set(recorder)
    try:
        yield recorder
    finally:
        _recorder.reset(token)
        recorder.keep(None)


def active_recorder(encoder: nn.Module) -> TimelineRecorder | None:
    """The recorder that is open for `encoder` in this thread or task, if any."""
    recorder = _recorder.get()
    return recorder if recorder is not None and recorder.encoder is encoder else None
