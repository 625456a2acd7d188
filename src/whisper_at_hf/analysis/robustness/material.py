"""The sound of pairs: read, checked and mixed, each clip known by its content."""

import hashlib
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...audio.load import load_audio
from ...audio.windows import cut_clip
from ...errors import InputError
from ...features.keys import AudioHashes, clip_key
from .mixing import is_silent, mix
from .pairs import Pair, Sound
from .speech_data import Utterance

# Hz; what all speech recognisers here read.
RATE = 16_000
# Part of the keys: what is mixed in another way is another sound.
_MIXING = "loop or cut, mean power, 1"
# Clips kept in memory, some 100 MB of 5 s each.
_KEPT = 400


class Material:
    """Reads the clips of pairs and mixes them; the same pair always sounds the same.

    Attributes:
        failures: why clips were left out, by their name.
    """

    def __init__(self):
        self.failures: dict[str, str] = {}
        self._hashes = AudioHashes(Path(tempfile.gettempdir()) / "no-memo")
        self._keys: dict[Utterance | Sound, str] = {}
        self._audio = lru_cache(_KEPT)(_read)

    def usable(self, pairs: Iterable[Pair]) -> list[Pair]:
        """The pairs whose clips can be read and are not silent; the others' clips are in `failures`.

        Raises:
            InputError: no pair is left, or none with a sound.
        """
        pairs = list(pairs)
        for pair in pairs:
            for clip in (pair.utterance, pair.sound):
                if clip is not None and clip not in self._keys and clip.name not in self.failures:
                    self._check(clip)
        found = [pair for pair in pairs if all(clip in self._keys for clip in _clips(pair))]
        if not any(pair.sound is not None for pair in found):
            reasons = "; ".join(f"{name}: {reason}" for name, reason in list(self.failures.items())[:3])
            raise InputError(f"None of the speech and sounds can be used ({reasons}); check the files.")
        return found

    def key(self, pair: Pair) -> str:
        """Hash of what is heard: the contents of both clips and their ratio, whatever their names."""
        parts = [self._keys[clip] for clip in _clips(pair)]
        if pair.sound is not None:
            parts += [f"{pair.snr:g}", _MIXING]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]

    def audio(self, pair: Pair) -> np.ndarray:
        """`(samples,)` float32 at 16 kHz: the speech, with its sound if it has one."""
        speech = self._audio(pair.utterance)
        if pair.sound is None:
            return speech
        # Drawn from the contents, not from the run's seed: so the key says all, and ratios share the stretch.
        seeds = [int(self._keys[clip][:16], 16) for clip in _clips(pair)]
        return mix(speech, self._audio(pair.sound), pair.snr, np.random.default_rng(seeds))

    def _check(self, clip: Utterance | Sound) -> None:
        try:
            if is_silent(self._audio(clip)):
                raise InputError("it is silent, so it has no signal-to-noise ratio")
            self._keys[clip] = clip_key(self._hashes(_source(clip)), *_bounds(clip))
        except InputError as error:
            # The name instead of the path, which is nobody else's business.
            self.failures[clip.name] = str(error).replace(str(_source(clip)), clip.name)


def _clips(pair: Pair) -> list[Utterance | Sound]:
    return [clip for clip in (pair.utterance, pair.sound) if clip is not None]


def _source(clip: Utterance | Sound) -> str | bytes:
    return clip.path if isinstance(clip, Utterance) else clip.source


def _bounds(clip: Utterance | Sound) -> tuple[float, float | None]:
    return (0.0, None) if isinstance(clip, Utterance) else (clip.start, clip.end)


def _read(clip: Utterance | Sound) -> np.ndarray:
    audio = load_audio(_source(clip), RATE)
    start, end = _bounds(clip)
    audio = cut_clip(audio, RATE, start, end)
    if not len(audio):
        raise InputError(f"there is no sound from {start:g} s on")
    return audio
