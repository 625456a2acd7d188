"""The shipped head on held-out clips mixed over held-out speakers, through the pipeline as a user runs it."""

import numpy as np
import pytest

from whisper_at_hf.audio import load_audio

pytestmark = [pytest.mark.real, pytest.mark.data]

RATE = 16000
NAMES = {
    "dog": "Dog",
    "rain": "Rain",
    "sea_waves": "Waves, surf",
    "crying_baby": "Baby cry, infant cry",
    "clock_tick": "Tick-tock",
    "sneezing": "Sneeze",
    "helicopter": "Helicopter",
    "chainsaw": "Chainsaw",
    "rooster": "Crowing, cock-a-doodle-doo",
    "crackling_fire": "Crackle",
}


@pytest.fixture(scope="module")
def mixes(esc10, speech):
    """Four held-out clips of each class over held-out speakers at 0 dB, with the label of each."""
    held_out = sorted({row["speaker"] for row in speech}, key=int)[-4:]
    voices = [row for row in speech if row["speaker"] in held_out]
    fold = [row for row in esc10 if row["fold"] == "5"]
    chosen = [row for name in NAMES for row in [r for r in fold if r["label"] == name][:4]]
    pairs = []
    for index, row in enumerate(chosen):
        sound = load_audio(row["file"])
        voice = np.resize(load_audio(voices[index % len(voices)]["file"]), len(sound))
        mixed = voice + sound * np.sqrt((voice**2).mean() / (sound**2).mean())
        pairs.append((mixed / max(1.0, np.abs(mixed).max()), NAMES[row["label"]]))
    assert len(pairs) == 40
    return pairs


@pytest.mark.parametrize("return_text", [False, True])
def test_sound_and_speech_are_both_heard(pipe, mixes, return_text):
    mixes = mixes[::4] if return_text else mixes
    results = pipe([audio for audio, _ in mixes], return_text=return_text, top_k=3, batch_size=8, threshold=0.0)
    top = [{tag["label"] for tag in result["audio_tags"][0]["tags"]} for result in results]
    hits = [label in labels for labels, (_, label) in zip(top, mixes, strict=True)]
    assert np.mean(hits) >= 0.8
    tagged = pipe([audio for audio, _ in mixes], return_text=False, top_k=None, batch_size=8)
    assert np.mean([any(t["label"] == "Speech" for t in r["audio_tags"][0]["tags"]) for r in tagged]) >= 0.95


def test_the_short_encoder_window_agrees(pipe, mixes):
    """Encoding 10 s instead of 30 s, as in training, finds the same sounds."""
    extractor = pipe.feature_extractor
    hits = []
    for audio, label in mixes:
        features = extractor(audio, sampling_rate=RATE, max_length=10 * RATE, return_tensors="pt").input_features
        assert features.shape[-1] == 1000
        tags = pipe.model.tag(features, threshold=0.0, top_k=3)[0][0]["tags"]
        hits.append(label in {tag["label"] for tag in tags})
    assert np.mean(hits) >= 0.8
