"""Random encoder states of a file, cut into windows as the encoder would."""

import torch
from tiny import LAYERS, MELS, POOLING, POSITIONS, STEPS, WIDTH
from transformers import WhisperFeatureExtractor

SAMPLES_PER_POSITION = 320
# Its windows are as long as the tiny model's, 2 s.
EXTRACTOR = WhisperFeatureExtractor(feature_size=MELS, chunk_length=2)


class Sound:
    """Random encoder states of a file, and the timeline that pooling all of them at once gives.

    Args:
        samples: its length at 16 kHz.
        seed: of the states, and of the places where it is cut into windows.
    """

    def __init__(self, samples, seed=0):
        self.generator = torch.Generator().manual_seed(seed)
        self.num_samples = samples
        self.duration = samples / 16_000
        self.num_frames = samples // 160
        self.positions = samples // 320
        # A short file keeps the silence that fills its window; the last window of a longer one is filled as well.
        self.num_steps = max(STEPS, -(-self.num_frames // (2 * POOLING)))
        self.states = torch.randn(LAYERS, self.positions + POSITIONS, WIDTH, generator=self.generator)

    def windows(self):
        """`(end, [(first step, pooled states)])` for each window, up to a position `end` that may split a step."""
        start = 0
        while True:
            length = int(torch.randint(POSITIONS // 2, POSITIONS + 1, (), generator=self.generator))
            is_last = start + length >= self.positions
            end = self.positions if is_last else start + length
            # Silence counts to the end of the last window.
            yield end, [self.pooled(start, start + POSITIONS if is_last else end)]
            if is_last:
                return
            start = end

    def pooled(self, start, end):
        """The share of the positions from `start` to `end` in each step that the encoder's window reaches."""
        first = start // POOLING
        counted = torch.zeros_like(self.states)
        counted[:, start:end] = self.states[:, start:end]
        steps = STEPS + 1
        counted = torch.nn.functional.pad(counted, (0, 0, 0, steps * POOLING))
        part = counted[:, first * POOLING : (first + steps) * POOLING]
        return first, part.unflatten(1, (steps, POOLING)).sum(dim=2) / POOLING

    def timeline(self):
        whole = self.states[:, : len(self.states[0]) // POOLING * POOLING]
        return whole.unflatten(1, (-1, POOLING)).mean(dim=2)[:, : self.num_steps]
