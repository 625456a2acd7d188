"""Synthetic scenes: speech, sounds and pauses on one timeline, with how long each label sounds in every 0.4 s."""

import numpy as np

from .material import LABELS, SAMPLING_RATE, Material
from .noise import coloured_noise

STEP_SAMPLES = 6_400  # one pooled step, 0.4 s
_BLOCK = 400  # 25 ms, the grain at which activity is measured
# Below its own peak by this much (dB), a clip counts as silent; gaps shorter than this many blocks still belong to it,
# since a clock between two ticks is heard ticking.
_SILENCE_DB, _GAP_BLOCKS = 35.0, 40


def active_blocks(clip: np.ndarray) -> np.ndarray:
    """Which 25 ms blocks of a clip sound: bool of shape `(ceil(samples / 400),)`."""
    padded = np.pad(clip, (0, -len(clip) % _BLOCK)).reshape(-1, _BLOCK)
    energy = 10 * np.log10((padded**2).mean(axis=1) + 1e-10)
    active = energy > max(energy.max() - _SILENCE_DB, -80.0)
    where = np.flatnonzero(active)
    for left, right in zip(where[:-1], where[1:], strict=True):
        if right - left <= _GAP_BLOCKS:
            active[left:right] = True
    return active


def level(clip: np.ndarray) -> float:
    """Root mean square over the blocks that sound."""
    active = np.repeat(active_blocks(clip), _BLOCK)[: len(clip)]
    return float(np.sqrt((clip[active] ** 2).mean())) if active.any() else 1e-5


def loop(clip: np.ndarray, samples: int) -> np.ndarray:
    """A clip repeated, or cut, to that many samples."""
    return np.tile(clip, -(-samples // len(clip)))[:samples]


def decibels(value: float) -> float:
    """The amplitude factor of a gain in dB."""
    return 10 ** (value / 20)


class Scene:
    """A timeline that sounds are added to.

    Attributes:
        audio: `(samples,)` float32 at 16 kHz.
        activity: `(steps, 12)` seconds that each label sounds within each 0.4 s step.
    """

    def __init__(self, seconds: float):
        self.audio = np.zeros(round(seconds * SAMPLING_RATE), dtype=np.float32)
        self._blocks = np.zeros((len(self.audio) // _BLOCK, len(LABELS)), dtype=bool)

    def add(self, label: str, sound: np.ndarray, start: int) -> None:
        """Mix a sound in from sample `start` (rounded to 25 ms) on, as far as it fits."""
        first = start // _BLOCK
        sound = sound[: len(self.audio) - first * _BLOCK]
        self.audio[first * _BLOCK : first * _BLOCK + len(sound)] += sound
        blocks = active_blocks(sound)[: len(self._blocks) - first]
        self._blocks[first : first + len(blocks), LABELS.index(label)] |= blocks

    def end(self, sample: int) -> None:
        """Digital silence from that sample on, as after the end of a short file."""
        self.audio[sample:] = 0
        self._blocks[-(-sample // _BLOCK) :] = False

    @property
    def activity(self) -> np.ndarray:
        per_step = STEP_SAMPLES // _BLOCK
        return self._blocks.reshape(-1, per_step, len(LABELS)).sum(axis=1) * np.float32(_BLOCK / SAMPLING_RATE)


def random_scene(material: Material, seconds: float, rng: np.random.Generator) -> Scene:
    """Speech, sounds at -10..+15 dB of it, pauses, faint noise and a gain, all drawn from `rng`."""
    scene = Scene(seconds)
    total = len(scene.audio)
    speech_level = decibels(rng.uniform(-32, -16))
    coverage = rng.choice(["whole", "part", "none"], p=[0.55, 0.25, 0.2])
    if coverage != "none":
        start = 0 if coverage == "whole" else int(rng.uniform(0, 0.7) * total)
        length = total - start if coverage == "whole" else int(rng.uniform(0.1, 0.7) * total)
        _add_speech(scene, material, start, min(length, total - start), speech_level, rng)
    chances = [0.12, 0.33, 0.3, 0.17, 0.08] if seconds > 10 else [0.2, 0.5, 0.3]
    for _ in range(rng.choice(len(chances), p=chances)):
        # With speech the draw is relative to it; alone, sounds also come as faint as in a quiet room.
        relative = rng.uniform(-10, 15) if coverage != "none" else rng.uniform(-20, 15)
        _add_sound(scene, material, speech_level * decibels(relative), rng)
    _finish(scene, rng)
    return scene


def age(scene: Scene, rng: np.random.Generator) -> None:
    """Make a scene sound like an old recording: a narrow band, steady noise of any colour, and hum.

    Otherwise such noise passes for a helicopter, rain or waves.
    """
    samples = len(scene.audio)
    hertz = np.fft.rfftfreq(samples, 1 / SAMPLING_RATE)
    if rng.random() < 0.7:
        low, high = rng.uniform(50, 300), rng.uniform(3000, 7000)
        band = 1 / (1 + (low / np.maximum(hertz, 1)) ** 4) / (1 + (hertz / high) ** 8)
        scene.audio = np.fft.irfft(np.fft.rfft(scene.audio) * band, samples).astype(np.float32)
    loudness = max(level(scene.audio), 1e-3)
    noise = coloured_noise(samples, rng.uniform(0, 1), rng)
    scene.audio += (noise / noise.std() * loudness * decibels(-rng.uniform(5, 30))).astype(np.float32)
    if rng.random() < 0.5:
        times = np.arange(samples) / SAMPLING_RATE
        base = rng.uniform(40, 180)
        hum = sum(np.sin(2 * np.pi * base * k * times + rng.uniform(0, 6)) / k for k in range(1, 6))
        scene.audio += (hum / hum.std() * loudness * decibels(-rng.uniform(10, 35))).astype(np.float32)
    scene.audio /= max(1.0, float(np.abs(scene.audio).max()))


def _add_speech(
    scene: Scene, material: Material, start: int, length: int, loudness: float, rng: np.random.Generator
) -> None:
    utterances = material.speech[rng.choice(list(material.speech))]
    position = start
    while position < start + length:
        utterance = utterances[rng.integers(len(utterances))]
        # Scenes also begin in the middle of a sentence.
        utterance = utterance[int(rng.uniform(0, 0.5) * len(utterance)) :][: start + length - position]
        scene.add("Speech", utterance * np.float32(loudness / level(utterance)), position)
        position += len(utterance) + int(rng.uniform(0.1, 0.9) * SAMPLING_RATE)


def _add_sound(scene: Scene, material: Material, loudness: float, rng: np.random.Generator) -> None:
    label = "Music" if rng.random() < 0.2 else str(rng.choice(LABELS[2:]))
    clip = _music(material, rng) if label == "Music" else _pick(material.sounds[label]["clips"], rng)
    clip = _vary(clip, rng)
    clip = clip * np.float32(loudness / level(clip))
    total, window = len(scene.audio), 10 * SAMPLING_RATE
    kind = rng.choice(["once", "window", "span", "whole"], p=[0.3, 0.25, 0.3, 0.15])
    if kind == "once":
        scene.add(label, clip, int(rng.uniform(0, max(1, total - len(clip) / 2))))
    elif kind == "window":
        scene.add(label, loop(clip, window), window * int(rng.integers(total // window)))
    elif kind == "span":
        length = int(rng.uniform(1, 12) * SAMPLING_RATE)
        scene.add(label, loop(clip, length), int(rng.uniform(0, max(1, total - length / 2))))
    else:
        scene.add(label, loop(clip, total), 0)


def _music(material: Material, rng: np.random.Generator) -> np.ndarray:
    """A few notes of one instrument in a row, half of the time over those of another."""
    voices = []
    for _ in range(rng.integers(1, 3)):
        group = material.sounds["Music"][str(rng.choice(list(material.sounds["Music"])))]
        notes = [_pick(group, rng) for _ in range(rng.integers(1, 4))]
        voices.append(np.concatenate([note[: 6 * SAMPLING_RATE] / np.float32(level(note)) for note in notes]))
    length = max(map(len, voices))
    return sum(loop(voice, length) for voice in voices)


def _pick(clips: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    return clips[rng.integers(len(clips))]


def _vary(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Another speed (and pitch) and another balance of treble and bass, half of the time each."""
    if rng.random() < 0.5:
        places = np.arange(0, len(clip) - 1, rng.uniform(0.88, 1.12))
        clip = np.interp(places, np.arange(len(clip)), clip).astype(np.float32)
    if rng.random() < 0.5:
        clip = clip + np.float32(rng.uniform(-0.5, 0.5)) * np.concatenate([clip[:1], clip[:-1]])
    return clip


def _finish(scene: Scene, rng: np.random.Generator) -> None:
    total = len(scene.audio)
    if rng.random() < 0.6:
        noise = rng.standard_normal(total).astype(np.float32)
        if rng.random() < 0.5:
            noise = np.cumsum(noise) - np.cumsum(np.concatenate([np.zeros(40, np.float32), noise[:-40]]))
            noise /= 6.3
        scene.audio += noise.astype(np.float32) * np.float32(decibels(rng.uniform(-85, -55)))
    scene.audio *= np.float32(decibels(rng.uniform(-15, 6)))
    if rng.random() < 0.25:
        scene.end(int(rng.uniform(0.1, 1.0) * total))
    scene.audio /= max(1.0, float(np.abs(scene.audio).max()))
