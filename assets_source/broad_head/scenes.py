"""Scenes: several sounds at once, with or without speech, at random places and levels, in rooms and bad recordings."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt
from twelve_sounds.noise import coloured_noise

from .sources import Source

RATE = 16_000
# dB of a sound against the speech, or against nothing.
LOUDEST, FAINTEST = 15.0, -5.0
# In every 10 s, chances of 0, 1, 2 and 3 sounds, and that there is speech; of a room, a narrow band, noise.
SOUNDS = (0.06, 0.4, 0.34, 0.2)
SPEECH, ROOM, BAND, NOISE = 0.4, 0.3, 0.2, 0.5
# A short sound is often heard again and again: a drip, a hammer, a bell.
REPEATED = 0.4


@dataclass
class Placed:
    """A recording in a scene, from sample `start` up to `end`."""

    source: Source
    start: int
    end: int


@dataclass
class Scene:
    """A mixture.

    Attributes:
        audio: `(samples,)` float32 at 16 kHz.
        placed: what is in it.
    """

    audio: np.ndarray
    placed: list[Placed] = field(default_factory=list)

    def heard(self, first: int, last: int, least: int) -> list[Source]:
        """Recordings of which at least `least` samples lie between the samples `first` and `last`."""
        return [one.source for one in self.placed if min(last, one.end) - max(first, one.start) >= least]


def chances(sources: list[Source]) -> np.ndarray:
    """How likely each recording is drawn, `(sources,)`: those of rare labels often, as `1 / sqrt(recordings)`."""
    count = Counter(label for one in sources for label in one.known)
    rarest = [min((count[label] for label in one.known), default=0) for one in sources]
    typical = float(np.median([number for number in rarest if number] or [1]))
    weights = np.array([(number or 4 * typical) ** -0.5 for number in rarest])
    return weights / weights.sum()


def random_scene(
    sounds: list[Source],
    speech: list[Source],
    load: Callable[[Source], np.ndarray],
    seconds: float,
    rng: np.random.Generator,
    likely: np.ndarray | None = None,
) -> Scene:
    """A scene of that length, all of it drawn from `rng`; longer ones hold more.

    Args:
        load: gives a recording's `(samples,)` at 16 kHz.
        likely: the `chances` of the sounds; all alike if None.
    """
    scene = Scene(np.zeros(round(seconds * RATE), np.float32))
    for _ in range(max(1, round(seconds / 10))):
        if rng.random() < SPEECH:
            _add(scene, speech[rng.integers(len(speech))], load, 0.0, rng)
        for _ in range(rng.choice(len(SOUNDS), p=SOUNDS)):
            sound = sounds[rng.choice(len(sounds), p=likely)]
            _add(scene, sound, load, rng.uniform(FAINTEST, LOUDEST), rng)
    scene.audio = _recorded(scene.audio, rng)
    return scene


def _add(scene: Scene, source: Source, load: Callable, level: float, rng: np.random.Generator) -> None:
    sound, total = load(source), len(scene.audio)
    if len(sound) < total / 2 and source.kind == "sound" and rng.random() < REPEATED:
        pause = np.zeros(int(rng.uniform(0, 1) * RATE), np.float32)
        sound = np.tile(np.concatenate([sound, pause]), rng.integers(2, 9))
    if len(sound) > total:
        begin = int(rng.integers(len(sound) - total + 1))
        sound = sound[begin : begin + total]
    start = int(rng.integers(total - len(sound) + 1))
    scene.audio[start : start + len(sound)] += _at_level(sound, level)
    scene.placed.append(Placed(source, start, start + len(sound)))


def _at_level(sound: np.ndarray, level: float) -> np.ndarray:
    """With a root mean square, over what is not silent, `level` dB over 0.03."""
    loud = np.abs(sound) > 1e-3 * max(np.abs(sound).max(), 1e-6)
    power = np.sqrt((sound[loud] ** 2).mean()) if loud.any() else 1.0
    return (sound * (0.03 / max(power, 1e-6) * 10 ** (level / 20))).astype(np.float32)


def _recorded(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """In a room, through a narrow band, with noise of any colour, louder or fainter."""
    samples = len(audio)
    if rng.random() < ROOM:
        decay = rng.uniform(0.1, 0.8)  # seconds until it is 60 dB fainter
        times = np.arange(int(decay * RATE)) / RATE
        tail = rng.standard_normal(len(times)) * 10 ** (-3 * times / decay)
        tail *= rng.uniform(0.1, 0.6) / np.sqrt((tail**2).sum())
        audio = audio + fftconvolve(audio, tail)[:samples]
    if rng.random() < BAND:
        band = butter(4, [rng.uniform(50, 300), rng.uniform(2500, 7000)], "bandpass", fs=RATE, output="sos")
        audio = sosfilt(band, audio)
    if rng.random() < NOISE:
        noise = coloured_noise(samples, rng.uniform(0, 1), rng)
        audio = audio + noise / noise.std() * 10 ** (rng.uniform(-80, -45) / 20)
    audio = audio * 10 ** (rng.uniform(-18, 12) / 20)
    return (audio / max(1.0, float(np.abs(audio).max()))).astype(np.float32)
