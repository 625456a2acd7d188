"""Which utterance is transcribed over which sound, at which signal-to-noise ratio: drawn by seed, the same each time.

The paper's grid (section 2, and gen_noisy_speech.py in https://github.com/YuanGongND/whisper-at): 40 utterances of
LibriSpeech, each over one of the 40 clips of each of ESC-50's 50 classes, at nine ratios from 20 to -20 dB.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...data import audio_source, clip_names, load_data
from ...errors import InputError
from ...features.keys import segment
from .speech_data import Utterance
from .word_errors import word_errors

PAPER_SNRS = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0, -10.0, -15.0, -20.0)
# Words of the utterances that are drawn, both included: less says little, more does not fit Whisper's 30 s.
FEWEST_WORDS, MOST_WORDS = 8, 40
# dB; beyond it, one of the two is rounding.
HIGHEST_SNR = 100.0


@dataclass(frozen=True)
class Sound:
    """A clip of noise.

    Attributes:
        name: of its file, with the folder that it lies in, or its number.
        source: what `load_audio` takes.
        label: its class.
        start, end: where it lies in its file, seconds; an end of None is the file's.
    """

    name: str
    source: str | bytes
    label: str
    start: float = 0.0
    end: float | None = None


@dataclass(frozen=True)
class Pair:
    """One thing to transcribe.

    Attributes:
        utterance: what is said.
        sound: what is heard besides; None for the speech alone.
        snr: dB of the speech over the sound; None for the speech alone.
    """

    utterance: Utterance
    sound: Sound | None = None
    snr: float | None = None


def load_sounds(source: str, split: str | None = None) -> list[Sound]:
    """Clips with one label each, of any form that `load_data` takes, in the order of their names.

    Raises:
        InputError: as `load_data`, or a clip with several labels or none.
    """
    data = load_data(source, split=split)
    sounds = []
    for path, row in zip(clip_names(data), data, strict=True):
        if len(row["labels"]) != 1:
            raise InputError(f"{path!r} has {len(row['labels'])} labels; leave only clips of a single sound in.")
        name = "/".join(path.replace("\\", "/").split("/")[-2:])
        sounds.append(Sound(name, audio_source(row), row["labels"][0], *segment(row)))
    return sorted(sounds, key=lambda sound: (sound.label, sound.name))


def draw_utterances(utterances: Sequence[Utterance], count: int, seed: int) -> list[Utterance]:
    """`count` utterances of 8 to 40 words, of as many speakers as there are, in the order of their names.

    Raises:
        InputError: there are not so many.
    """
    rng = _rng(seed, "utterances")
    by_speaker = defaultdict(list)
    for utterance in sorted(utterances, key=lambda utterance: utterance.name):
        # The normaliser takes remarks in brackets for no words.
        has_words = word_errors(utterance.transcript, "")[1] > 0
        if has_words and FEWEST_WORDS <= len(utterance.transcript.split()) <= MOST_WORDS:
            by_speaker[utterance.speaker].append(utterance)
    available = sum(map(len, by_speaker.values()))
    if available < count:
        raise InputError(
            f"The speech has {available} utterances of {FEWEST_WORDS} to {MOST_WORDS} words, not {count}; "
            f"pass --utterances {available}, or more speech."
        )
    ranked = []
    for place, speaker in enumerate(rng.permutation(sorted(by_speaker))):
        order = rng.permutation(len(by_speaker[speaker]))
        ranked += [(turn, place, by_speaker[speaker][index]) for turn, index in enumerate(order)]
    # All speakers once, then all of them again.
    drawn = [utterance for *_, utterance in sorted(ranked, key=lambda entry: entry[:2])[:count]]
    return sorted(drawn, key=lambda utterance: utterance.name)


def plan(
    utterances: Sequence[Utterance],
    sounds: Iterable[Sound],
    snrs: Sequence[float],
    sounds_per_class: int = 1,
    seed: int = 0,
) -> list[Pair]:
    """All pairs: each utterance alone, and at each ratio over `sounds_per_class` clips of each class.

    The clips of a class are dealt out in a random order and from the start again once all are used, so that they
    serve equally often; an utterance never gets a clip twice, and the same ones at all ratios.

    Returns:
        The speech alone first, then the ratios from the highest to the lowest.

    Raises:
        InputError: a class has fewer clips than `sounds_per_class`, or there is nothing to pair.
    """
    if wild := [snr for snr in snrs if not abs(snr) <= HIGHEST_SNR]:
        raise InputError(
            f"A ratio of {wild[0]:g} dB is out of reach; pass --snr from {-HIGHEST_SNR:g} to {HIGHEST_SNR:g}."
        )
    by_label = defaultdict(list)
    for sound in sorted(sounds, key=lambda sound: sound.name):
        by_label[sound.label].append(sound)
    if not utterances or not by_label or not snrs or sounds_per_class < 1:
        raise InputError("There is nothing to transcribe; give utterances, sounds, ratios, and a sound per class.")
    dealt: list[tuple[Utterance, Sound]] = []
    for label, clips in sorted(by_label.items()):
        if len(clips) < sounds_per_class:
            raise InputError(f"{label!r} has {len(clips)} clips; pass --sounds-per-class {len(clips)} or less.")
        order = _rng(seed, f"sounds {label}").permutation(len(clips))
        for place, utterance in enumerate(utterances):
            turns = range(place * sounds_per_class, (place + 1) * sounds_per_class)
            dealt += [(utterance, clips[order[turn % len(clips)]]) for turn in turns]
    pairs = [Pair(utterance) for utterance in utterances]
    for snr in sorted({float(snr) for snr in snrs}, reverse=True):
        pairs += [Pair(utterance, sound, snr) for utterance, sound in dealt]
    return pairs


def _rng(seed: int, purpose: str) -> np.random.Generator:
    """A generator of its own for each purpose: one class more does not change what the others get."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
