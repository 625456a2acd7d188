"""`pipe.check`: the parameters of a call are refused before there is audio."""

import numpy as np
import pytest
from tiny import tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import InputError, WhisperATForAudioClassification, WhisperATPipeline


@pytest.fixture
def pipe():
    extractor = WhisperFeatureExtractor(feature_size=8, chunk_length=2)
    model = tiny_model(WhisperATForAudioClassification)
    return WhisperATPipeline(model, feature_extractor=extractor, tokenizer=None, device="cpu")


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"at_time_res": 0.3}, "at_time_res"),
        ({"at_hop": 12.0}, "at_hop"),
        ({"labels": ["Piano"]}, "Piano"),
        ({"heads": ["moods"]}, "moods"),
        ({"threshold": {"Ocean": 0.5}}, "Ocean"),
        ({"return_text": True}, "needs a decoder"),
        ({"return_timestamps": "letter"}, "letter"),
        ({"mode": "fast"}, "fast"),
        ({"mode": "batched", "chunk_length_s": 1}, "chunk_length_s"),
    ],
)
def test_bad_parameters_are_refused_as_in_the_call(pipe, parameters, message):
    with pytest.raises(InputError, match=message) as checked:
        pipe.check(**parameters)
    with pytest.raises(InputError) as called:
        pipe(np.zeros(16000, dtype=np.float32), **parameters)
    assert str(checked.value) == str(called.value)


def test_good_parameters_pass_with_those_of_the_loop(pipe):
    assert pipe.check() is None
    assert pipe.check(at_time_res=0.8, labels=["Rain"], return_text=False, batch_size=4, num_workers=0) is None
