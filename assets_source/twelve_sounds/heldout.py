"""What the head is scored on: held-out sounds, music and speech, alone and mixed at 0 dB."""

from dataclasses import dataclass

import numpy as np

from .material import LABELS, SAMPLING_RATE, Material
from .scenes import level, loop

SECONDS = 10
SPEECH_LEVEL = 0.05  # root mean square, about -26 dBFS
# Of each class's eight clips in fold 5, those that make up the 40.
FIRST_CLIPS = 4


@dataclass
class Case:
    """One 10 s window.

    Attributes:
        kind: "sound", "mixed" (over speech, once), "mixed, looped", "music", "music, mixed" or "speech".
        labels: what sounds in it.
        audio: `(160000,)` at 16 kHz.
        among_first: whether its clip is one of the first four of its class.
    """

    kind: str
    labels: set[str]
    audio: np.ndarray
    among_first: bool = False


def held_out_cases(test: Material) -> list[Case]:
    """Every ESC-10 clip alone and over speech (the first four of a class looped, too), every music clip either alone
    or over speech, and every utterance alone."""
    rng = np.random.default_rng(5)
    cases = []
    voices = _Voices(test)
    for label in LABELS[2:]:
        for index, clip in enumerate(test.sounds[label]["clips"]):
            first = index < FIRST_CLIPS
            sound = clip * np.float32(SPEECH_LEVEL / level(clip))
            placed = _placed(sound, rng)
            cases.append(Case("sound", {label}, placed, first))
            cases.append(Case("mixed", {label, "Speech"}, placed + voices.next(SECONDS), first))
            if first:
                looped = loop(sound, SECONDS * SAMPLING_RATE)
                cases.append(Case("mixed, looped", {label, "Speech"}, looped + voices.next(SECONDS), first))
    for clips in test.sounds["Music"].values():
        for index, clip in enumerate(clips):
            music = loop(clip * np.float32(SPEECH_LEVEL / level(clip)), SECONDS * SAMPLING_RATE)
            if index % 2:
                cases.append(Case("music, mixed", {"Music", "Speech"}, music + voices.next(SECONDS)))
            else:
                cases.append(Case("music", {"Music"}, music))
    cases += [Case("speech", {"Speech"}, voices.next(SECONDS)) for _ in range(sum(map(len, test.speech.values())))]
    return cases


def rain_recordings(test: Material) -> dict[str, list[np.ndarray]]:
    """90 s of held-out speech with each rain clip looped over 50-60 s at 0 dB, where the speech goes on or pauses."""
    speech = _Voices(test).next(90)
    paused = speech.copy()
    begin, end = 50 * SAMPLING_RATE, 60 * SAMPLING_RATE
    paused[begin:end] = 0
    recordings: dict[str, list[np.ndarray]] = {"over speech": [], "in a pause": []}
    for clip in test.sounds["Rain"]["clips"]:
        rain = np.zeros_like(speech)
        rain[begin:end] = loop(clip * np.float32(SPEECH_LEVEL / level(clip)), end - begin)
        recordings["over speech"].append(speech + rain)
        recordings["in a pause"].append(paused + rain)
    return recordings


class _Voices:
    """Endless speech of the held-out speakers, who take turns at every utterance."""

    def __init__(self, test: Material):
        self._utterances = [turn for turns in zip(*test.speech.values(), strict=False) for turn in turns]
        self._position = 0

    def next(self, seconds: float) -> np.ndarray:
        samples, parts = round(seconds * SAMPLING_RATE), []
        while sum(map(len, parts)) < samples:
            utterance = self._utterances[self._position % len(self._utterances)]
            parts.append(utterance * np.float32(SPEECH_LEVEL / level(utterance)))
            self._position += 1
        return np.concatenate(parts)[:samples]


def _placed(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound once, anywhere in a 10 s window of silence."""
    window = np.zeros(SECONDS * SAMPLING_RATE, dtype=np.float32)
    sound = sound[: len(window)]
    start = int(rng.integers(len(window) - len(sound) + 1))
    window[start : start + len(sound)] = sound
    return window
