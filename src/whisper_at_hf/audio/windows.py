"""Cuts long audio into windows that Whisper reads in one pass, at pauses, so that no word is cut in two."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..model.configuration_whisper_at import POSITIONS_PER_SECOND

# Hz. Speech has its power here; hum and wind lie below, hiss above.
SPEECH_BAND = (200, 4_000)

# The four numbers below were chosen on 95 minutes of LibriSpeech utterances joined end to end, as they are and with
# rain 10 dB below the speech, by how many cuts fall within 0.1 s of speech, and by how many windows there are.
# The earliest cut, as a part of the longest window: 20 s of 30 s.
EARLIEST_CUT = 2 / 3
# The time over which loudness is averaged. A pause must be about so long to count as deep.
SMOOTHING_SECONDS = 0.4
# What lies further below the speech is equally silent: a later pause is then better than one with less room noise.
DEEPEST_PAUSE_DB = 30.0
# How much quieter a pause must be to be preferred to one that is a second later. Every window costs a pass of 30 s.
LATENESS_DB_PER_SECOND = 0.3
# A pause reaches as far to both sides as the loudness rises by no more than this.
PAUSE_EDGE_DB = 2.0


@dataclass(frozen=True)
class AudioWindow:
    """A stretch of a longer piece of audio.

    Attributes:
        start: its first sample, counted from the start of the audio.
        samples: float32 of shape `(samples,)`.
        is_last: whether the audio ends with it.
    """

    start: int
    samples: np.ndarray
    is_last: bool


def cut_clip(audio: np.ndarray, sampling_rate: int, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """The samples of `audio` `(samples,)` from `start` to `end` seconds, or to its own end; a view, maybe empty."""
    return audio[round(start * sampling_rate) : None if end is None else round(end * sampling_rate)]


def cut_at_pauses(
    blocks: Iterable[np.ndarray], sampling_rate: int = 16_000, max_seconds: float = 30.0
) -> Iterator[AudioWindow]:
    """
    Cuts audio into windows that follow each other without gap or overlap.

    Where it goes on beyond `max_seconds`, it is cut in the middle of the best pause in the last third before that: the
    quietest one, though a later one is preferred to one that is hardly quieter. What is left at the end and fits into
    `max_seconds` is the last window.

    At most `max_seconds` and one block are held in memory. How the audio is split into blocks changes nothing.

    Args:
        blocks: mono float32 samples of shape `(samples,)`, as `stream_audio` yields them; some may be empty.
        sampling_rate: of the blocks, in Hz: a multiple of 50.
        max_seconds: the longest window, in seconds.

    Yields:
        windows in order, which start at multiples of 20 ms; none if there are no samples.

    Raises:
        InputError: `max_seconds` is less than one second.
    """
    if not max_seconds >= 1:
        raise InputError(f"max_seconds={max_seconds!r} leaves no room for a pause: use a number of seconds from 1 up.")
    # Windows start at whole positions of the encoder, so that all of them share one grid.
    frame = sampling_rate // POSITIONS_PER_SECOND
    longest = int(max_seconds * POSITIONS_PER_SECOND) * frame
    return _cut(blocks, longest, lambda samples: frame * _best_cut(samples, frame, sampling_rate))


def cut_regularly(blocks: Iterable[np.ndarray], length: int) -> Iterator[AudioWindow]:
    """As `cut_at_pauses`, but into windows of `length` samples; the last one may be shorter."""
    return _cut(blocks, length, len)


def _cut(blocks: Iterable[np.ndarray], longest: int, place: Callable[[np.ndarray], int]) -> Iterator[AudioWindow]:
    """Windows that end at the `place`, a number of samples, in the longest one that fits."""
    start = 0
    pieces: list[np.ndarray] = []
    held = 0
    failure = None
    try:
        for block in blocks:
            pieces.append(block)
            held += len(block)
            if held <= longest:
                continue
            rest = np.concatenate(pieces)
            while len(rest) > longest:
                cut = place(rest[:longest])
                yield AudioWindow(start, rest[:cut], is_last=False)
                start += cut
                rest = rest[cut:]
            pieces, held = [rest.copy()], len(rest)
    except InputError as error:
        failure = error  # What came before it is a window all the same.
    if held:
        yield AudioWindow(start, np.concatenate(pieces), is_last=True)
    if failure is not None:
        raise failure


def _best_cut(samples: np.ndarray, frame: int, sampling_rate: int) -> int:
    """The place to cut `samples` at, in frames of `frame` samples."""
    power = _speech_power(samples.reshape(-1, frame), sampling_rate)
    silence = np.percentile(power, 90) * 10 ** (-DEEPEST_PAUSE_DB / 10) + np.finfo(np.float32).tiny
    level = 10 * np.log10(_smooth(power, round(SMOOTHING_SECONDS * POSITIONS_PER_SECOND)) + silence)
    # level[i] and seconds[i] are those of a cut at the start of frame i.
    seconds = np.arange(len(level)) / POSITIONS_PER_SECOND
    first = max(1, int(EARLIEST_CUT * len(level)))
    best = first + int(np.argmin((level - LATENESS_DB_PER_SECOND * seconds)[first:]))
    louder = np.flatnonzero(level > level[best] + PAUSE_EDGE_DB)
    before, after = louder[louder < best], louder[louder > best]
    begin = max(first, before[-1] + 1) if len(before) else first
    end = after[0] if len(after) else len(level)
    return int(begin + end) // 2


def _speech_power(frames: np.ndarray, sampling_rate: int) -> np.ndarray:
    """Power of every frame in the band of speech; `(frames, samples)` -> `(frames,)`."""
    spectrum = np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1)
    frequencies = np.fft.rfftfreq(frames.shape[1], 1 / sampling_rate)
    in_band = (frequencies >= SPEECH_BAND[0]) & (frequencies <= SPEECH_BAND[1])
    return (np.abs(spectrum[:, in_band]) ** 2).mean(axis=1)


def _smooth(power: np.ndarray, width: int) -> np.ndarray:
    """Averages power over the `width` frames around the start of each frame, the nearest counting most."""
    weights = np.hanning(width + 2)[1:-1]
    padded = np.pad(power, (width // 2, width - width // 2), mode="edge")
    return np.convolve(padded, weights / weights.sum(), mode="valid")[: len(power)]
