"""Which labels a voice has, and what a gate may be given."""

import pytest

from whisper_at_hf import InputError
from whisper_at_hf.events.speech_gate import DEFAULT_GATE, gate_threshold, voice_labels


def test_voices_speak_and_sing_but_do_not_cry():
    labels = ["Dog", "Speech", "Child speech, kid speaking", "Choir", "Rapping", "Baby cry, infant cry", "Laughter"]
    assert [labels[index] for index in voice_labels(labels)] == [
        "Speech",
        "Child speech, kid speaking",
        "Choir",
        "Rapping",
    ]


def test_on_off_or_a_score():
    assert gate_threshold(None) is gate_threshold(False) is None
    assert gate_threshold(True) == DEFAULT_GATE
    assert gate_threshold(0.4) == 0.4


@pytest.mark.parametrize("value", ["on", -0.1, 1.1, float("nan"), [0.1]])
def test_anything_else_is_refused(value):
    with pytest.raises(InputError, match="is neither True, False nor a score"):
        gate_threshold(value)
