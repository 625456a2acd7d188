"""The shipped head on held-out clips mixed over held-out speakers, through the pipeline as a user runs it."""

import numpy as np
import pytest
from twelve_sounds.material import ESC10_LABELS, LABELS

from whisper_at_hf.audio import load_audio

pytestmark = [pytest.mark.real, pytest.mark.data]

RATE = 16000


@pytest.fixture(scope="module")
def mixes(esc10, speech):
    """Four held-out clips of each class over held-out speakers at 0 dB, with the label of each."""
    held_out = sorted({row["speaker"] for row in speech}, key=int)[-4:]
    voices = [row for row in speech if row["speaker"] in held_out]
    fold = [row for row in esc10 if row["fold"] == "5"]
    chosen = [row for name in ESC10_LABELS for row in [r for r in fold if r["label"] == name][:4]]
    pairs = []
    for index, row in enumerate(chosen):
        sound = load_audio(row["file"])
        voice = np.resize(load_audio(voices[index % len(voices)]["file"]), len(sound))
        mixed = voice + sound * np.sqrt((voice**2).mean() / (sound**2).mean())
        pairs.append((mixed / max(1.0, np.abs(mixed).max()), ESC10_LABELS[row["label"]]))
    assert len(pairs) == 40
    return pairs


def _assert_heard(pipe, mixes, windows):
    """The sound is in the top 3 of 80 % of the mixes, of twelve labels, and Speech above its threshold in 95 %."""
    threshold = pipe.model.get_head().config.thresholds["Speech"]
    top = [[tag["label"] for tag in tags[:3]] for tags in windows]
    assert np.mean([label in labels for labels, (_, label) in zip(top, mixes, strict=True)]) >= 0.8
    speech = [next(tag["score"] for tag in tags if tag["label"] == "Speech") for tags in windows]
    assert np.mean([score >= threshold for score in speech]) >= 0.95


def test_sound_and_speech_are_both_heard(pipe, mixes):
    # Of twelve labels: "Animal" before "Dog" is no mistake.
    options = {"return_text": False, "top_k": None, "threshold": 0.0, "labels": LABELS, "batch_size": 8}
    results = pipe([audio for audio, _ in mixes], **options)
    _assert_heard(pipe, mixes, [result["audio_tags"][0]["tags"] for result in results])


def test_the_short_encoder_window_agrees(pipe, mixes):
    """Encoding 10 s instead of 30 s, as in training, finds the same sounds."""
    windows = []
    for start in range(0, len(mixes), 8):
        audio = [clip for clip, _ in mixes[start : start + 8]]
        inputs = pipe.feature_extractor(audio, sampling_rate=RATE, max_length=10 * RATE, return_tensors="pt")
        assert inputs.input_features.shape[-1] == 1000
        found = pipe.model.tag(inputs.input_features, threshold=0.0, top_k=None, labels=LABELS)
        windows += [row[0]["tags"] for row in found]
    _assert_heard(pipe, mixes, windows)
