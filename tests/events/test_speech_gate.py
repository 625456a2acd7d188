"""Which labels a voice has, and what a gate may be given."""

import numpy as np
import pytest

from whisper_at_hf import InputError
from whisper_at_hf.events.speech_gate import DEFAULT_GATE, gate_threshold, voice_labels, voice_score


def test_voices_speak_and_sing_but_do_not_cry():
    labels = ["Dog", "Speech", "Child speech, kid speaking", "Choir", "Rapping", "Baby cry, infant cry", "Laughter"]
    assert [labels[index] for index in voice_labels(labels)] == [
        "Speech",
        "Child speech, kid speaking",
        "Choir",
        "Rapping",
    ]


def test_a_voice_has_to_last():
    peak, voice = np.zeros((20, 2)), np.zeros((20, 2))
    peak[7, 0] = 1.0
    voice[7:10, 0], voice[10:12, 1] = 0.8, 0.9  # speech that turns into singing
    assert voice_score(peak, 0.4, 9.0) == pytest.approx(1 / 5)
    assert voice_score(peak, 0.4, 0.3) == pytest.approx(1 / 3)
    assert voice_score(voice, 0.4, 9.0) == pytest.approx((3 * 0.8 + 2 * 0.9) / 5)
    assert voice_score(voice, 0.4, 1.6) == pytest.approx((2 * 0.8 + 2 * 0.9) / 4)
    assert voice_score(voice[8:10], 0.4, 9.0) == pytest.approx(0.8)  # at the end of a file
    assert voice_score(voice[:0], 0.4, 1.0) == voice_score(voice[:, :0], 0.4, 1.0) == 0.0


def test_on_off_or_a_score():
    assert gate_threshold(None) is gate_threshold(False) is None
    assert gate_threshold(True) == DEFAULT_GATE
    assert gate_threshold(np.True_) == DEFAULT_GATE
    assert gate_threshold(0.4) == 0.4 and gate_threshold(np.float32(0.5)) == 0.5


@pytest.mark.parametrize("value", ["on", -0.1, 1.1, float("nan"), [0.1]])
def test_anything_else_is_refused(value):
    with pytest.raises(InputError, match="is neither True, False nor a score"):
        gate_threshold(value)
