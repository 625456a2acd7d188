"""Phrases of the instruments of General MIDI, played by a soundfont."""

from dataclasses import dataclass

import numpy as np
import soxr

RATE = 16_000
_PLAYED_AT = 48_000
_DRUMS = 9  # the channel of percussion
PLUCKED, KEYS = "Plucked string instrument", "Keyboard (musical)"
BOWED, BRASS = "Bowed string instrument", "Brass instrument"
WIND, MALLETS = "Wind instrument, woodwind instrument", "Mallet percussion"
_GUITAR = ("Guitar", PLUCKED)


@dataclass(frozen=True)
class Voice:
    """One of General MIDI's sounds, with what AudioSet calls it.

    Attributes:
        labels: names that hold, without the parents that all instruments share.
        programs: its numbers, from 0 on; empty for percussion.
        keys: of percussion, the keys; else the lowest and the highest note that is played.
        melodic: whether it plays several notes, which makes music of it.
    """

    labels: tuple[str, ...]
    programs: tuple[int, ...]
    keys: tuple[int, ...]
    melodic: bool = True


# https://midi.org/general-midi: instruments of level 1, and its percussion key map.
VOICES = (
    Voice(("Piano", KEYS), (0, 1, 2, 3), (36, 90)),
    Voice(("Electric piano", KEYS), (4, 5), (40, 84)),
    Voice(("Harpsichord", KEYS), (6,), (40, 84)),
    Voice(("Glockenspiel", MALLETS, "Percussion"), (9,), (72, 100)),
    Voice(("Vibraphone", MALLETS, "Percussion"), (11,), (53, 89)),
    Voice(("Marimba, xylophone", MALLETS, "Percussion"), (12, 13), (50, 92)),
    Voice(("Tubular bells", "Percussion"), (14,), (60, 77)),
    Voice(("Hammond organ", "Electronic organ", "Organ", KEYS), (16, 17, 18), (40, 84)),
    Voice(("Organ", KEYS), (19, 20), (36, 84)),
    Voice(("Accordion",), (21, 23), (50, 86)),
    Voice(("Harmonica",), (22,), (60, 84)),
    Voice(("Acoustic guitar", *_GUITAR), (24, 25), (40, 79)),
    Voice(("Electric guitar", *_GUITAR), (26, 27, 29, 30), (40, 79)),
    Voice(("Bass guitar", *_GUITAR), (33, 34, 35, 36), (28, 50)),
    Voice(("Violin, fiddle", BOWED), (40, 110), (56, 93)),
    Voice(("Cello", BOWED), (42,), (36, 72)),
    Voice(("Double bass", BOWED), (43,), (28, 52)),
    Voice(("Pizzicato",), (45,), (40, 86)),
    Voice(("Harp",), (46,), (36, 90)),
    Voice(("Timpani", "Drum", "Percussion"), (47,), (40, 57), False),
    Voice(("String section", BOWED), (48, 49), (40, 86)),
    Voice(("Choir", "Singing"), (52, 53), (48, 79)),
    Voice(("Trumpet", BRASS), (56, 59), (55, 82)),
    Voice(("Trombone", BRASS), (57,), (40, 68)),
    Voice(("French horn", BRASS), (60,), (40, 74)),
    Voice((BRASS,), (58, 61), (36, 74)),
    Voice(("Saxophone", WIND), (64, 65, 66, 67), (46, 79)),
    Voice((WIND,), (68, 69, 70), (46, 84)),
    Voice(("Clarinet", WIND), (71,), (52, 89)),
    Voice(("Flute", WIND), (72, 73, 75, 77), (60, 94)),
    Voice(("Synthesizer",), (80, 81, 84, 87, 90, 93, 95), (40, 84)),
    Voice(("Sitar", PLUCKED), (104,), (48, 79)),
    Voice(("Banjo", PLUCKED), (105,), (48, 81)),
    Voice(("Zither", PLUCKED), (107,), (48, 84)),
    Voice(("Bagpipes",), (109,), (55, 79)),
    Voice(("Steelpan", "Percussion"), (114,), (52, 84)),
    Voice(("Bass drum", "Drum", "Percussion"), (), (35, 36), False),
    Voice(("Snare drum", "Drum", "Percussion"), (), (38, 40), False),
    Voice(("Rimshot", "Drum", "Percussion"), (), (37,), False),
    Voice(("Drum roll", "Snare drum", "Drum", "Percussion"), (), (38,), False),
    Voice(("Hi-hat", "Cymbal", "Percussion"), (), (42, 44, 46), False),
    Voice(("Cymbal", "Percussion"), (), (49, 51, 52, 55, 57, 59), False),
    Voice(("Drum", "Percussion"), (), (41, 43, 45, 47, 48, 50, 60, 61, 62, 63, 64), False),
    Voice(("Tambourine", "Percussion"), (), (54,), False),
    Voice(("Cowbell", "Percussion"), (), (56,), False),
    Voice(("Maraca", "Percussion"), (), (70,), False),
    Voice(("Wood block", "Percussion"), (), (76, 77), False),
    Voice(("Drum kit", "Drum", "Percussion"), (), (36, 38, 42, 46, 49, 45), True),
)


class Player:
    """A soundfont that plays phrases.

    Args:
        soundfont: path of an .sf2 file with the sounds of General MIDI.
    """

    def __init__(self, soundfont: str):
        import tinysoundfont

        self._synth = tinysoundfont.Synth(samplerate=_PLAYED_AT)
        self._font = self._synth.sfload(soundfont)

    def phrase(self, voice: Voice, rng: np.random.Generator) -> np.ndarray:
        """`(samples,)` at 16 kHz, 2 to 9 seconds, all of it drawn from `rng`."""
        channel = 0 if voice.programs else _DRUMS
        if voice.programs:
            self._synth.program_select(0, self._font, 0, int(rng.choice(voice.programs)))
        else:
            self._synth.program_select(_DRUMS, self._font, 128, 0, True)
        parts = [self._played(channel, notes, seconds) for notes, seconds in _score(voice, rng)]
        self._synth.notes_off()
        parts.append(self._heard(float(rng.uniform(0.2, 1.5))))
        self._synth.sounds_off()
        stereo = np.concatenate(parts).reshape(-1, 2)
        return soxr.resample(stereo.mean(axis=1), _PLAYED_AT, RATE).astype(np.float32)

    def _played(self, channel: int, notes: list[tuple[int, int]], seconds: float) -> np.ndarray:
        for key, velocity in notes:
            self._synth.noteon(channel, key, velocity)
        heard = self._heard(seconds)
        for key, _ in notes:
            self._synth.noteoff(channel, key)
        return heard

    def _heard(self, seconds: float) -> np.ndarray:
        return np.array(np.frombuffer(self._synth.generate(round(seconds * _PLAYED_AT)), np.float32))


def _score(voice: Voice, rng: np.random.Generator) -> list[tuple[list[tuple[int, int]], float]]:
    """`[([(key, velocity)], seconds)]`: notes that begin together, and the time until the next."""
    velocity = int(rng.integers(60, 120))
    if "Drum roll" in voice.labels:
        return [([(voice.keys[0], int(rng.integers(50, 100)))], 0.045) for _ in range(int(rng.integers(40, 110)))]
    if not voice.programs and voice.melodic:
        return _groove(rng)
    if not voice.melodic:
        beat = float(rng.uniform(0.12, 0.9))
        hits = int(rng.integers(1, min(12, 3 + 7 / beat)))
        first, last = min(voice.keys), max(voice.keys)
        keys = voice.keys if not voice.programs else range(first, last + 1)
        return [
            ([(int(rng.choice(keys)), velocity)], beat * float(rng.choice([1, 1, 1, 2, 0.5]))) for _ in range(hits)
        ]
    low, high = voice.keys
    scale = np.array([key for key in range(low, high + 1) if (key - low) % 12 in (0, 2, 4, 5, 7, 9, 11)])
    beat, place, score, total = float(rng.uniform(0.15, 0.8)), int(rng.integers(len(scale))), [], 0.0
    chords = rng.random() < 0.4
    while total < rng.uniform(2, 7):
        place = int(np.clip(place + rng.integers(-3, 4), 0, len(scale) - 1))
        keys = {int(scale[min(place + step, len(scale) - 1)]) for step in ((0, 2, 4) if chords else (0,))}
        seconds = beat * float(rng.choice([0.5, 1, 1, 2, 3]))
        score.append(([(key, velocity) for key in keys], seconds))
        total += seconds
    return score


def _groove(rng: np.random.Generator) -> list[tuple[list[tuple[int, int]], float]]:
    """A beat of bass drum, snare drum and hi-hat."""
    eighth = float(rng.uniform(0.14, 0.32))
    score = []
    for step in range(int(rng.integers(8, 25))):
        notes = [(42 if rng.random() < 0.9 else 46, 80)] * (rng.random() < 0.9)
        notes += [(36, 110)] * (step % 4 == 0 or rng.random() < 0.15) + [(38, 105)] * (step % 4 == 2)
        notes += [(int(rng.choice([45, 47, 49])), 95)] * (rng.random() < 0.08)
        score.append((notes, eighth))
    return score
